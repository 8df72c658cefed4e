//! Lengths and trailers of what services answer.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::TcpListener;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use rgi_core::server::{Listener, Server, Stop};
use rgi_core::testing::Client;
use rgi_core::{Bytes, IntoLifespan, Method, Worker};
use rgi_coroutine::{Config, Coroutine};
use rgi_tower::RequestBody;
use tower_service::Service;

/// Longest wait for what has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Answers with a status, fields and a body, whatever is asked.
#[derive(Clone)]
struct Says(
    StatusCode,
    &'static [(&'static str, &'static str)],
    &'static str,
);

impl Service<Request<RequestBody>> for Says {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<RequestBody>) -> Self::Future {
        let mut response = Response::new(self.2.to_owned());
        *response.status_mut() = self.0;
        for (name, value) in self.1 {
            let value = HeaderValue::from_static(value);
            response.headers_mut().insert(*name, value);
        }
        ready(Ok(response))
    }
}

#[test]
fn no_length_is_made_up() {
    const ZERO: &[(&str, &str)] = &[("content-length", "0")];
    const SEVEN: &[(&str, &str)] = &[("content-length", "7")];
    for (method, status, fields, body, length) in [
        (Method::GET, 200, &[][..], "", Some(0)),
        (Method::GET, 200, &[], "four", Some(4)),
        // Nobody knows what a GET would have had.
        (Method::HEAD, 200, &[], "", None),
        (Method::HEAD, 200, &[], "four", Some(4)),
        (Method::HEAD, 200, ZERO, "", Some(0)),
        (Method::HEAD, 200, SEVEN, "", Some(7)),
        // The length of the 200, and not of the 304 (RFC 9110 8.6).
        (Method::GET, 304, &[], "", None),
        (Method::GET, 304, ZERO, "", None),
        (Method::GET, 304, SEVEN, "", Some(7)),
        (Method::GET, 204, ZERO, "", None),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let client = Client::new(rgi_tower::app(Says(status, fields, body)));
        let reply = client.request(method.clone(), "/").send();
        let told = (reply.status(), reply.head().length());
        assert_eq!(
            told,
            (status.as_u16(), length),
            "{method} {fields:?} {body}"
        );
        assert!(!reply.was_cut());
    }
}

/// Answers with a body of known length and trailers behind it, and with the field that is its length, as
/// axum sets it.
#[derive(Clone)]
struct Digested;

impl Service<Request<RequestBody>> for Digested {
    type Response = Response<http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-digest", HeaderValue::from_static("7"));
        let body = Full::new(Bytes::from("whole")).with_trailers(ready(Some(Ok(trailers))));
        let mut response = Response::new(body.boxed_unsync());
        let headers = response.headers_mut();
        headers.insert(header::TRAILER, HeaderValue::from_static("x-digest"));
        if request.uri().path() == "/length" {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(5));
        }
        ready(Ok(response))
    }
}

#[tokio::test]
async fn trailers_that_are_announced_reach_http_2() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stop = Stop::new();
    let told = stop.clone();
    let thread = std::thread::spawn(move || {
        let lifespan = |_: &Worker| Ok(rgi_tower::app(Digested));
        let server = Coroutine::new(Config::default());
        server.serve(
            lifespan.into_lifespan(),
            vec![Listener::Tcp(listener)],
            told,
        )
    });
    let asked = tokio::time::timeout(PATIENCE, async {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let (client, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let mut client = client.ready().await.unwrap();
        for path in ["/", "/length"] {
            let request = Request::get(format!("http://a{path}")).header("te", "trailers");
            let (answer, _) = client
                .send_request(request.body(()).unwrap(), true)
                .unwrap();
            let mut body = answer.await.unwrap().into_body();
            let mut text = Vec::new();
            while let Some(data) = body.data().await {
                text.extend(data.unwrap());
            }
            assert_eq!(text, b"whole");
            let trailers = body.trailers().await.unwrap().expect("trailers");
            assert_eq!(trailers["x-digest"], "7");
            client = client.ready().await.unwrap();
        }
    });
    asked.await.expect("in time");
    stop.now();
    thread.join().unwrap().unwrap();
}
