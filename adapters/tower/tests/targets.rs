//! Layers that change the target, in memory and over the wire.

use std::future::Ready;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Method, Request, Response, Uri};
use rgi_core::middleware::Middleware;
use rgi_core::server::{Listener, Server, Stop};
use rgi_core::testing::Client;
use rgi_core::{
    App, AppExt, Body, Environ, Error, Full, IntoLifespan, StartResponse, StatusCode, Worker,
    app_fn,
};
use rgi_coroutine::Coroutine;
use rgi_threaded::Threaded;
use rgi_tower::{BoxError, Inner, RequestBody};
use tower_http::normalize_path::NormalizePathLayer;
use tower_layer::Layer;
use tower_service::Service;

/// Longest wait for what has to come.
const PATIENCE: Duration = Duration::from_secs(60);

fn place(environ: Environ, start_response: StartResponse) -> Full {
    let text = format!(
        "{}|{}|{:?}|{}",
        environ.script_name(),
        environ.path_info(),
        environ.query(),
        environ.url()
    );
    start_response.start(StatusCode::OK).full(text)
}

/// Below `/shop`, if it lies there, and behind a layer that trims slashes.
fn trimmed() -> impl App<Body = impl Body + Send> + Clone + Send + Sync + 'static {
    let app = rgi_tower::layer(NormalizePathLayer::trim_trailing_slash()).wrap(app_fn(place));
    app.around(|inner, mut environ: Environ, start_response| {
        environ.mount("/shop");
        inner.call(environ, start_response)
    })
}

/// What is asked, and what the application is told.
const TRIMMED: [(&str, &str); 5] = [
    ("/shop/cart", "/shop|/cart|None|http://a/shop/cart"),
    ("/shop/cart/", "/shop|/cart|None|http://a/shop/cart"),
    ("/shop/?n=1", "/shop||Some(\"n=1\")|http://a/shop?n=1"),
    ("/a%20b///?q=/", "|/a%20b|Some(\"q=/\")|http://a/a%20b?q=/"),
    ("/", "|/|None|http://a/"),
];

#[test]
fn slashes_are_trimmed() {
    let client = Client::new(trimmed());
    for (target, told) in TRIMMED {
        let reply = client.get(target).send();
        let told = told.replace("//a/", "//test.invalid/");
        assert_eq!(reply.text(), told, "{target}");
    }
}

#[test]
fn slashes_are_trimmed_on_servers() {
    over_the_wire(&TRIMMED, |listeners, stop| {
        let lifespan = |_: &Worker| Ok(trimmed());
        let server = Coroutine::new(rgi_coroutine::Config::default());
        server.serve(lifespan.into_lifespan(), listeners, stop)
    });
    over_the_wire(&TRIMMED, |listeners, stop| {
        let lifespan = |_: &Worker| Ok(trimmed());
        let server = Threaded::new(rgi_threaded::Config::default());
        server.serve(lifespan.into_lifespan(), listeners, stop)
    });
}

fn over_the_wire(asked: &[(&str, &str)], serve: fn(Vec<Listener>, Stop) -> Result<(), Error>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stop = Stop::new();
    let order = stop.clone();
    let thread = std::thread::spawn(move || serve(vec![Listener::Tcp(listener)], order));
    for (target, told) in asked {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with(&format!("\r\n\r\n{told}")), "{answer}");
    }
    stop.graceful();
    thread.join().unwrap().unwrap();
}

/// Tells the application what it sees of the target; alone, it answers so.
#[derive(Clone)]
struct Seen<S>(S);

#[derive(Clone)]
struct Sees;

impl<S> Layer<S> for Sees {
    type Service = Seen<S>;

    fn layer(&self, inner: S) -> Seen<S> {
        Seen(inner)
    }
}

impl<A: App> Service<Request<RequestBody>> for Seen<Inner<A>> {
    type Response = <Inner<A> as Service<Request<RequestBody>>>::Response;
    type Error = BoxError;
    type Future = <Inner<A> as Service<Request<RequestBody>>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        let seen = request.uri().path().parse().unwrap();
        request.headers_mut().insert("x-seen", seen);
        self.0.call(request)
    }
}

impl Service<Request<RequestBody>> for Seen<()> {
    type Response = Response<String>;
    type Error = BoxError;
    type Future = Ready<Result<Response<String>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        std::future::ready(Ok(Response::new(request.uri().path().to_owned())))
    }
}

fn seen(environ: Environ, start_response: StartResponse) -> Full {
    let seen = environ.header("x-seen").unwrap_or_default();
    let seen = String::from_utf8_lossy(seen);
    let text = format!("{seen}, of {}", environ.target());
    start_response.start(StatusCode::OK).full(text)
}

/// Targets that RGI's own reader takes and `http` does not.
#[test]
fn a_target_does_not_become_another_path() {
    let layered = [
        ("/admin/`", "/admin/%60, of /admin/`"),
        ("http://a%2Db/admin", "/admin, of http://a%2Db/admin"),
    ];
    over_the_wire(&layered, |listeners, stop| {
        let app = |_: &Worker| Ok(app_fn(seen).with(rgi_tower::layer(Sees)));
        let server = Threaded::new(rgi_threaded::Config::default());
        server.serve(app.into_lifespan(), listeners, stop)
    });
    let served = [("/admin/`", "/admin/%60"), ("http://a%2Db/admin", "/admin")];
    over_the_wire(&served, |listeners, stop| {
        let app = |_: &Worker| Ok(rgi_tower::app(Seen(())));
        let server = Threaded::new(rgi_threaded::Config::default());
        server.serve(app.into_lifespan(), listeners, stop)
    });
}

#[test]
fn a_target_that_http_does_not_hold_is_refused() {
    /// Has the inner application asked for another target.
    fn asked_for(app: impl App, method: Method, target: &str) -> u16 {
        let app = app.around(|inner, mut environ: Environ, start_response| {
            environ.set_target(target).unwrap();
            inner.call(environ, start_response)
        });
        let first = match method == Method::CONNECT {
            true => "a:80",
            false => "/",
        };
        Client::new(app).request(method, first).send().status()
    }
    let long = format!("/{}", "a".repeat(1 << 16));
    for (method, target, status) in [
        (Method::CONNECT, "a%2Db:80", 400),
        (Method::GET, &long[..], 414),
    ] {
        let layered = app_fn(seen).with(rgi_tower::layer(Sees));
        assert_eq!(asked_for(layered, method.clone(), target), status);
        let served = rgi_tower::app(Seen(()));
        assert_eq!(asked_for(served, method, target), status);
    }
}

/// A layer that sends every request elsewhere.
#[derive(Clone)]
struct Elsewhere(&'static str);

#[derive(Clone)]
struct Sent<S>(S, &'static str);

impl<S> Layer<S> for Elsewhere {
    type Service = Sent<S>;

    fn layer(&self, inner: S) -> Sent<S> {
        Sent(inner, self.0)
    }
}

impl<S: Service<Request<RequestBody>>> Service<Request<RequestBody>> for Sent<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> S::Future {
        *request.uri_mut() = Uri::from_static(self.1);
        self.0.call(request)
    }
}

#[test]
fn a_target_stays_within_the_mount() {
    for (to, status, told) in [
        (
            "/shop/basket?n",
            200,
            "/shop|/basket|Some(\"n\")|http://test.invalid/shop/basket?n",
        ),
        ("http://b/shop/x", 200, "/shop|/x|None|http://b/shop/x"),
        ("/elsewhere", 404, "404 Not Found\n"),
        ("/shopping", 404, "404 Not Found\n"),
    ] {
        let app = app_fn(place).with(rgi_tower::layer(Elsewhere(to)));
        let app = app.around(|inner, mut environ: Environ, start_response| {
            environ.mount("/shop");
            inner.call(environ, start_response)
        });
        let reply = Client::new(app).get("/shop/cart").send();
        assert_eq!(
            (reply.status(), reply.text().as_str()),
            (status, told),
            "{to}"
        );
    }
}
