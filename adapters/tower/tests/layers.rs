//! Layers of tower-http's around applications.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body_util::BodyExt;
use rgi_core::middleware::Middleware;
use rgi_core::testing::{Client, Reply, poll_once};
use rgi_core::{
    App, AppExt, Bytes, Connection, End, Environ, Error, Event, Facts, Full, Peer, StartResponse,
    StatusCode, Stream, Upgraded, app_fn, async_fn,
};
use rgi_tower::{BoxError, RequestBody};
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_layer::Layer;
use tower_service::Service;

/// Behind a layer that packs what is long enough, or of no known length.
fn packed(app: impl App) -> Reply {
    let client = Client::new(app.with(rgi_tower::layer(CompressionLayer::new())));
    client.get("/").header("accept-encoding", "gzip").send()
}

#[test]
fn nothing_is_made_of_nothing() {
    for status in [200, 204, 302, 304] {
        let status = StatusCode::from_u16(status).unwrap();
        let reply = packed(app_fn(move |_: Environ, start_response: StartResponse| {
            start_response.start(status).empty()
        }));
        assert_eq!((reply.status(), reply.body().len()), (status.as_u16(), 0));
        assert_eq!(reply.header("content-encoding"), None, "{status}");
        assert!(!reply.was_cut());
    }
    // A 304 tells the length of the 200.
    let reply = packed(app_fn(|_: Environ, start_response: StartResponse| {
        let started = start_response.start(StatusCode::NOT_MODIFIED);
        started.length(1000).empty()
    }));
    assert_eq!(reply.head().length(), Some(1000));
    let reply = packed(app_fn(|_: Environ, start_response: StartResponse| {
        start_response.start(StatusCode::OK).full("x".repeat(1000))
    }));
    assert_eq!(reply.header("content-encoding"), Some("gzip"));
    assert!(!reply.was_cut());
}

#[test]
fn a_switch_of_protocols_is_not_packed() {
    let app = app_fn(|mut environ: Environ, start_response: StartResponse| {
        let accepted = environ.take_offer().unwrap().accept("chat").unwrap();
        let started = start_response.start(StatusCode::OK);
        started.upgrade(accepted, async |mut io: Upgraded| {
            io.write_all(b"hello").await?;
            Ok(())
        })
    });
    let client = Client::new(app.with(rgi_tower::layer(CompressionLayer::new())));
    let request = client.get("/").header("accept-encoding", "gzip");
    let reply = request.upgrade("chat", b"").send();
    assert_eq!((reply.status(), reply.switched()), (101, &b"hello"[..]));
    assert_eq!(reply.header("content-encoding"), None);
    assert_eq!(reply.outcome().end, End::Sent);
}

/// So many blocks of ten bytes, of which it counts those that are asked for.
struct Blocks {
    start: Option<StartResponse>,
    promised: u64,
    left: usize,
    asked: Arc<AtomicUsize>,
}

impl Stream for Blocks {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(start_response) = self.start.take() {
            let started = start_response.start(StatusCode::OK);
            let event = Event::Start(started.length(self.promised));
            return Poll::Ready(Some(Ok(event)));
        }
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        let block = Bytes::from_static(b"0123456789");
        Poll::Ready(Some(Ok(Event::Data(block))))
    }
}

/// What becomes of blocks that were promised to be of another length, and how many were asked for.
fn promised(promised: u64, left: usize) -> (Reply, usize) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let reply = packed(app_fn(move |_: Environ, start_response| Blocks {
        start: Some(start_response),
        promised,
        left,
        asked: count.clone(),
    }));
    (reply, asked.load(Ordering::Relaxed))
}

#[test]
fn a_promised_length_is_kept_behind_a_layer_that_changes_the_body() {
    let (whole, asked) = promised(50, 5);
    assert_eq!(whole.header("content-encoding"), Some("gzip"));
    // At the length it is asked no more (RGI 152).
    assert_eq!((whole.was_cut(), asked), (false, 5));
    let (whole, asked) = promised(50, usize::MAX);
    assert_eq!((whole.was_cut(), asked), (false, 5));
    // Whether the head was out before is the layer's affair.
    let failed = |reply: &Reply| reply.was_cut() || reply.status() == 500;
    let (short, _) = promised(50, 4);
    assert!(failed(&short), "{short:?}");
    let (long, _) = promised(45, 5);
    assert!(failed(&long), "{long:?}");
}

#[test]
fn a_body_over_a_layers_limit_is_too_large() {
    async fn count(mut environ: Environ, start: StartResponse) -> Result<Full, Error> {
        let bytes = environ.input().collect(1000).await?.len();
        Ok(start.start(StatusCode::OK).full(bytes.to_string()))
    }
    let layer = rgi_tower::layer(RequestBodyLimitLayer::new(10));
    let client = Client::new(async_fn(count).with(layer));
    let sent = |blocks: &[&'static str]| client.post("/").chunks(blocks.to_vec()).send();
    assert_eq!(sent(&["12345", "67890"]).text(), "10");
    assert_eq!(sent(&["12345", "678901"]).status(), 413);
}

/// A layer that says who asks, and of whom.
#[derive(Clone)]
struct Tells;

#[derive(Clone)]
struct Telling<S>(S);

impl<S> Layer<S> for Tells {
    type Service = Telling<S>;

    fn layer(&self, inner: S) -> Telling<S> {
        Telling(inner)
    }
}

impl<S: Service<Request<RequestBody>>> Service<Request<RequestBody>> for Telling<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> S::Future {
        let told = request.extensions();
        let connection: &Connection = told.get().expect("a connection");
        let (peer, facts): (&Peer, &Facts) = (told.get().unwrap(), told.get().unwrap());
        let text = format!(
            "{} {} {} {} {:?} {}",
            connection.peer,
            peer.is_gone(),
            facts.scheme(),
            facts.script_name(),
            facts.var("shop"),
            facts.is_stopping()
        );
        request
            .headers_mut()
            .insert("x-told", text.parse().unwrap());
        self.0.call(request)
    }
}

#[test]
fn a_layer_knows_who_asks() {
    let app = app_fn(|environ: Environ, start_response: StartResponse| {
        let told = environ.header("x-told").unwrap().to_vec();
        // It tells by itself.
        assert!(environ.extensions().is_empty());
        start_response.start(StatusCode::OK).full(told)
    });
    let client = Client::new(app.with(rgi_tower::layer(Tells)));
    let client = client.mounted("/below").var("shop", "open").stopping();
    let told = client.get("/below/x").send().text();
    assert_eq!(
        told,
        r#"127.0.0.1:50000 false http /below Some("open") true"#
    );
}

#[test]
fn an_answer_to_head_has_the_length_and_no_body() {
    let told = |_: Environ, start_response: StartResponse| -> Full {
        start_response.start(StatusCode::OK).length(50).empty()
    };
    let client = Client::new(app_fn(told).with(rgi_tower::layer(CompressionLayer::new())));
    let reply = client.head("/").header("accept-encoding", "gzip").send();
    assert_eq!((reply.status(), reply.head().length()), (200, Some(50)));
    assert!(!reply.was_cut());
}

/// A layer that answers by itself, 404, and has read so many blocks before.
#[derive(Clone)]
struct Alone<S = ()>(usize, S);

impl<S> Layer<S> for Alone {
    type Service = Alone<()>;

    fn layer(&self, _: S) -> Alone<()> {
        self.clone()
    }
}

impl Service<Request<RequestBody>> for Alone {
    type Response = Response<String>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<String>, BoxError>>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let blocks = self.0;
        Box::pin(async move {
            let mut body = request.into_body();
            for _ in 0..blocks {
                body.frame().await.expect("a block")?;
            }
            let mut response = Response::new(String::new());
            *response.status_mut() = StatusCode::NOT_FOUND;
            Ok(response)
        })
    }
}

#[test]
fn who_lent_the_request_gets_back_what_a_layer_did_not_use() {
    for read in [0, 1] {
        let layered = rgi_tower::layer(Alone(read, ())).wrap(app_fn(
            |_: Environ, start_response: StartResponse| {
                start_response.start(StatusCode::OK).empty()
            },
        ));
        let layered = Arc::new(layered);
        let app = async_fn(move |environ, start_response| {
            cascade(layered.clone(), environ, start_response)
        });
        let client = Client::new(app);
        let request = client.post("/").header("x-field", "1");
        let reply = request.chunks(["ab", "cd"]).send();
        assert_eq!(reply.text(), "abcd"[2 * read..]);
    }
}

/// Answers with what the request has left, when another application has answered that there is nothing.
async fn cascade(
    other: Arc<impl App>,
    mut environ: Environ,
    start_response: StartResponse,
) -> Result<Full, Error> {
    environ.extensions_mut().insert(7_u32);
    let (lent, loan) = environ.lend();
    let mut body = Box::pin(other.call(lent, start_response));
    let Poll::Ready(Some(Ok(Event::Start(started)))) = poll_once(body.as_mut()) else {
        panic!("no start");
    };
    assert_eq!(started.head().status, StatusCode::NOT_FOUND);
    drop(body);
    let mut environ = loan.reclaim().expect("it is back");
    assert_eq!(environ.header("x-field"), Some(&b"1"[..]));
    assert_eq!(environ.extensions().get::<u32>(), Some(&7));
    let rest = environ.input().collect(100).await?;
    Ok(started.recall().start(StatusCode::OK).full(rest))
}
