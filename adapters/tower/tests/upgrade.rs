//! Services that switch the protocol as hyper's do.
#![cfg(feature = "upgrade")]

use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll, ready as wait};

use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::rt::{Read, ReadBuf, Write};
use hyper::upgrade::Upgraded;
use rgi_core::testing::{Client, Reply};
use rgi_core::{AppExt, End, rt};
use rgi_tower::RequestBody;
use tower_http::normalize_path::NormalizePathLayer;
use tower_service::Service;

/// Answers with a status and a protocol, and echoes on a thread of its own what comes behind 101. Tells what
/// became of the switch.
#[derive(Clone)]
struct Echo {
    status: StatusCode,
    protocol: &'static str,
    tell: mpsc::Sender<Result<(), String>>,
}

impl Service<Request<RequestBody>> for Echo {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        let field = |name| request.headers().get(name).cloned();
        let named = (field(header::CONNECTION), field(header::UPGRADE));
        let on_upgrade = hyper::upgrade::on(&mut request);
        let tell = self.tell.clone();
        std::thread::spawn(move || {
            let told = match rt::block_on(on_upgrade) {
                Ok(io) => rt::block_on(echo(io)).map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            tell.send(told)
        });
        let mut response = Response::new(String::new());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static(self.protocol));
        if let (Some(connection), Some(upgrade)) = named {
            assert_eq!(connection, "upgrade");
            headers.insert("x-offered", upgrade);
        }
        ready(Ok(response))
    }
}

async fn echo(mut io: Upgraded) -> std::io::Result<()> {
    let mut block = [0; 5];
    loop {
        let n = poll_fn(|cx| {
            let mut buf = ReadBuf::new(&mut block);
            wait!(Pin::new(&mut io).poll_read(cx, buf.unfilled()))?;
            Poll::Ready(Ok::<_, std::io::Error>(buf.filled().len()))
        });
        let n = match n.await? {
            0 => return Ok(()),
            n => n,
        };
        let mut rest = &block[..n];
        while !rest.is_empty() {
            let n = poll_fn(|cx| Pin::new(&mut io).poll_write(cx, rest)).await?;
            rest = &rest[n..];
        }
        poll_fn(|cx| Pin::new(&mut io).poll_flush(cx)).await?;
    }
}

/// The answer to a request that offers two protocols, and what became of the switch.
fn ask(status: StatusCode, protocol: &'static str) -> (Reply, Result<(), String>) {
    let (tell, told) = mpsc::channel();
    let echo = Echo {
        status,
        protocol,
        tell,
    };
    // A layer outside leaves it as it is.
    let layer = rgi_tower::layer(NormalizePathLayer::trim_trailing_slash());
    let client = Client::new(rgi_tower::app(echo).with(layer));
    let request = client.get("/").upgrade("chat, talk/2", b"hello, hello");
    (request.send(), told.recv().unwrap())
}

#[test]
fn a_service_has_the_connection() {
    let (reply, told) = ask(StatusCode::SWITCHING_PROTOCOLS, "talk/2");
    assert_eq!((reply.status(), reply.outcome().end), (101, End::Sent));
    assert_eq!(reply.header("x-offered"), Some("chat, talk/2"));
    assert_eq!(reply.switched(), b"hello, hello");
    assert_eq!(told, Ok(()));
}

#[test]
fn a_service_that_answers_otherwise_has_none() {
    let (reply, told) = ask(StatusCode::OK, "talk/2");
    assert_eq!((reply.status(), reply.switched()), (200, &b""[..]));
    assert!(told.is_err(), "{told:?}");
}

#[test]
fn what_the_client_did_not_name_is_a_failure() {
    let (reply, told) = ask(StatusCode::SWITCHING_PROTOCOLS, "telnet");
    assert_eq!((reply.status(), reply.switched()), (500, &b""[..]));
    assert!(told.is_err(), "{told:?}");
}

#[test]
fn who_was_offered_nothing_has_nothing() {
    let (tell, told) = mpsc::channel();
    let client = Client::new(rgi_tower::app(Echo {
        status: StatusCode::SWITCHING_PROTOCOLS,
        protocol: "chat",
        tell,
    }));
    let reply = client.get("/").send();
    assert_eq!((reply.status(), reply.header("x-offered")), (500, None));
    assert!(told.recv().unwrap().is_err());
}
