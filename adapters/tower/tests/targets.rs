//! Layers that change the target, in memory and over the wire.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Uri};
use rgi_core::middleware::Middleware;
use rgi_core::server::{Listener, Server, Stop};
use rgi_core::testing::Client;
use rgi_core::{
    App, AppExt, Body, Environ, Error, Full, IntoLifespan, StartResponse, StatusCode, Worker,
    app_fn,
};
use rgi_coroutine::Coroutine;
use rgi_threaded::Threaded;
use rgi_tower::RequestBody;
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
    over_the_wire(|listeners, stop| {
        let lifespan = |_: &Worker| Ok(trimmed());
        let server = Coroutine::new(rgi_coroutine::Config::default());
        server.serve(lifespan.into_lifespan(), listeners, stop)
    });
    over_the_wire(|listeners, stop| {
        let lifespan = |_: &Worker| Ok(trimmed());
        let server = Threaded::new(rgi_threaded::Config::default());
        server.serve(lifespan.into_lifespan(), listeners, stop)
    });
}

fn over_the_wire(serve: fn(Vec<Listener>, Stop) -> Result<(), Error>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stop = Stop::new();
    let order = stop.clone();
    let thread = std::thread::spawn(move || serve(vec![Listener::Tcp(listener)], order));
    for (target, told) in TRIMMED {
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
