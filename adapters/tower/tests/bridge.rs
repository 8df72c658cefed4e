//! The three ways, through the public interface.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Body as _;
use proptest::prelude::*;
use rgi_core::testing::Client;
use rgi_core::{
    App, AppExt, Body, Bytes, End, Environ, Error, FieldName, Full, StartResponse, StatusCode,
    Upgraded, app_fn, async_fn, rt,
};
use rgi_tower::{Inner, RequestBody};
use tower_service::Service;

/// There and back: an application as a service as an application.
fn there_and_back<A>(app: A) -> impl App<Body: Send> + Send + Sync
where
    A: App<Body: Send> + Send + Sync,
{
    rgi_tower::app(rgi_tower::into_service(app))
}

/// A layer that changes nothing.
#[derive(Clone, Copy)]
struct Nothing;

impl<S> tower_layer::Layer<S> for Nothing {
    type Service = S;

    fn layer(&self, inner: S) -> S {
        inner
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bodies_pass_unchanged(body: Vec<u8>, value in "[a-z]{0,8}", status in 200_u16..600) {
        let app = app_fn(move |mut environ: Environ, start_response: StartResponse| {
            let value = environ.headers().get("x-value").cloned();
            let input = environ.take_input();
            start_response
                .start(StatusCode::from_u16(status).unwrap())
                .header(FieldName::from_static("x-value"), value.unwrap())
                .stream(input)
        });
        let ask = |app: &dyn Fn() -> rgi_core::testing::Reply| {
            let reply = app();
            let value = reply.header("x-value").map(str::to_owned);
            (reply.status(), value, reply.body())
        };
        let plain = Client::new(&app);
        let bridged = Client::new(there_and_back(&app));
        let layered = Client::new((&app).with(rgi_tower::layer(Nothing)));
        let expected = ask(&|| plain.post("/").header("x-value", &value).body(body.clone()).send());
        prop_assert_eq!(
            ask(&|| bridged.post("/").header("x-value", &value).body(body.clone()).send()),
            expected.clone()
        );
        prop_assert_eq!(
            ask(&|| layered.post("/").header("x-value", &value).body(body.clone()).send()),
            expected
        );
    }
}

async fn refuse(_: Environ, _: StartResponse) -> Result<Full, Error> {
    Err(Error::new("no").with_status(StatusCode::CONFLICT))
}

#[test]
fn errors_keep_their_status() {
    let service = Client::new(there_and_back(async_fn(refuse)));
    assert_eq!(service.get("/").send().status(), 409);
    let layered = Client::new(async_fn(refuse).with(rgi_tower::layer(Nothing)));
    assert_eq!(layered.get("/").send().status(), 409);
}

/// One block, and then an error.
fn breaks_off(_: Environ, start_response: StartResponse) -> impl Body + Send {
    let blocks = [Ok(Bytes::from("one")), Err(Error::new("broken"))];
    start_response.start(StatusCode::OK).iter(blocks)
}

#[test]
fn what_breaks_off_is_cut() {
    for reply in [
        Client::new(there_and_back(app_fn(breaks_off)))
            .get("/")
            .send(),
        Client::new(app_fn(breaks_off).with(rgi_tower::layer(Nothing)))
            .get("/")
            .send(),
    ] {
        assert_eq!((reply.status(), reply.text().as_str()), (200, "one"));
        assert!(reply.was_cut());
    }
}

#[test]
fn trailers_pass_both_ways() {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-digest", HeaderValue::from_static("7"));
    for reply in [
        Client::new(rgi_tower::app(Reflect))
            .post("/")
            .chunks(["a", "b"])
            .trailers(trailers.clone())
            .send(),
        Client::new(there_and_back(rgi_tower::app(Reflect)))
            .post("/")
            .chunks(["a", "b"])
            .trailers(trailers.clone())
            .send(),
        Client::new(rgi_tower::app(Reflect).with(rgi_tower::layer(Nothing)))
            .post("/")
            .chunks(["a", "b"])
            .trailers(trailers.clone())
            .send(),
    ] {
        assert_eq!(reply.text(), "ab");
        assert_eq!(reply.trailers(), Some(&trailers));
    }
}

/// A service that gives the request's body back.
#[derive(Clone)]
struct Reflect;

impl Service<Request<RequestBody>> for Reflect {
    type Response = Response<RequestBody>;
    type Error = Infallible;
    type Future = Ready<Result<Response<RequestBody>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let mut response = Response::new(request.into_body());
        // Whose trailers go out.
        let names = HeaderValue::from_static("x-digest");
        response.headers_mut().insert("trailer", names);
        ready(Ok(response))
    }
}

#[test]
fn a_body_is_not_polled_ahead_and_is_dropped_with_its_response() {
    struct Count(Arc<AtomicUsize>);

    impl Iterator for Count {
        type Item = Result<Bytes, Error>;

        fn next(&mut self) -> Option<Self::Item> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Some(Ok(Bytes::from_static(b"x")))
        }
    }

    let pulled = Arc::new(AtomicUsize::new(0));
    let ended = Arc::new(Mutex::new(None));
    let (count, note) = (pulled.clone(), ended.clone());
    let mut service = rgi_tower::into_service(app_fn(
        move |environ: Environ, start_response: StartResponse| {
            let note = note.clone();
            environ.on_finish(move |outcome| *note.lock().unwrap() = Some(outcome.end));
            start_response
                .start(StatusCode::OK)
                .iter(Count(count.clone()))
        },
    ));
    let answer = service.call(Request::new(String::new()));
    let mut body = rt::block_on(answer).unwrap().into_body();
    let mut cx = Context::from_waker(Waker::noop());
    for n in 1..4 {
        let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut body).poll_frame(&mut cx) else {
            panic!("no block");
        };
        assert_eq!(frame.into_data().unwrap(), "x");
        assert_eq!(pulled.load(Ordering::Relaxed), n);
    }
    drop(body);
    assert_eq!(*ended.lock().unwrap(), Some(End::Disconnected));
    assert_eq!(Arc::strong_count(&pulled), 2);
}

#[test]
fn without_a_host_there_is_a_clock() {
    async fn sleepy(environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
        let timer = environ.timer();
        // A later sleep that is dropped, and one that is over first: the clock goes on beside both.
        drop(timer.sleep(Duration::from_secs(3600)));
        timer.sleep(Duration::from_millis(20)).await;
        timer.sleep(Duration::from_millis(1)).await;
        Ok(start_response.start(StatusCode::OK).empty())
    }
    let mut service = rgi_tower::into_service(async_fn(sleepy));
    for _ in 0..3 {
        let begun = Instant::now();
        let request = Request::get("/").body(String::new()).unwrap();
        let response = rt::block_on(service.call(request)).unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert!(begun.elapsed() >= Duration::from_millis(21), "it slept");
    }
}

#[test]
fn a_switch_of_protocols_passes_through_a_layer() {
    let app = app_fn(|mut environ: Environ, start_response: StartResponse| {
        let offer = environ.take_offer().expect("it was offered");
        let accepted = offer.accept("chat").expect("it was named");
        let started = start_response.start(StatusCode::OK);
        started.upgrade(accepted, async |mut io: Upgraded| {
            let mut heard = [0; 3];
            let n = io.read(&mut heard).await?;
            io.write_all(&heard[..n]).await?;
            Ok(())
        })
    });
    let client = Client::new(app.with(rgi_tower::layer(Nothing)));
    let reply = client.get("/").upgrade("chat", b"hey").send();
    assert_eq!((reply.status(), reply.switched()), (101, &b"hey"[..]));
    assert_eq!(reply.outcome().end, End::Sent);
}

#[test]
fn a_layer_sees_and_changes_what_passes() {
    #[derive(Clone)]
    struct Stamp<S>(S);

    impl<A: App> Service<Request<RequestBody>> for Stamp<Inner<A>> {
        type Response = <Inner<A> as Service<Request<RequestBody>>>::Response;
        type Error = <Inner<A> as Service<Request<RequestBody>>>::Error;
        type Future = <Inner<A> as Service<Request<RequestBody>>>::Future;

        fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            Service::<Request<RequestBody>>::poll_ready(&mut self.0, cx)
        }

        fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
            let stamp = HeaderValue::from_static("seen");
            request.headers_mut().insert("x-stamp", stamp);
            self.0.call(request)
        }
    }

    #[derive(Clone, Copy)]
    struct Stamps;

    impl<S> tower_layer::Layer<S> for Stamps {
        type Service = Stamp<S>;

        fn layer(&self, inner: S) -> Stamp<S> {
            Stamp(inner)
        }
    }

    fn stamped(environ: Environ, start_response: StartResponse) -> Full {
        let stamp = environ.header("x-stamp").unwrap_or_default().to_vec();
        start_response.start(StatusCode::OK).full(stamp)
    }
    let client = Client::new(app_fn(stamped).with(rgi_tower::layer(Stamps)));
    assert_eq!(client.get("/").send().text(), "seen");
}
