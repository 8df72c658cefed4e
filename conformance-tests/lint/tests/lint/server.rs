//! Wrong servers.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Method, Request, Version};
use rgi_core::rt::ThreadClock;
use rgi_core::server::{
    Address, Connection, Exchange, Host, InputSource, RequestHead, ServerInfo, Span, Tls,
};
use rgi_core::testing::poll_once;
use rgi_core::{
    App, Bytes, Environ, Error, Input, Middleware, StartResponse, StatusCode, Stream, app_fn,
    async_fn, layer,
};
use rgi_lint::{Finding, Findings, Lint};

use crate::support::{Items, able, exchange, hello, request, typed};

type Wrong = Vec<(&'static str, Vec<Finding>)>;

/// What is found where a server changes environs before it calls.
fn with(change: impl Fn(&mut Environ)) -> Vec<Finding> {
    asked(request("/a/b?c"), able(), change)
}

fn asked(request: Request<()>, info: ServerInfo, change: impl Fn(&mut Environ)) -> Vec<Finding> {
    let findings = Findings::new();
    let linted = Lint::new(hello()).collect(&findings);
    let around = layer(|app: Lint<_>| {
        let change = &change;
        app_fn(move |mut environ: Environ, start_response| {
            change(&mut environ);
            app.call(environ, start_response)
        })
    });
    let mut response = Box::pin(exchange(request, info, None).call(&around.wrap(linted)));
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let _ = response.as_mut().poll_head(&mut cx);
    while let Poll::Ready(Some(Ok(_))) = response.as_mut().poll_payload(&mut cx) {}
    response.as_mut().finish(None);
    findings.take()
}

/// What is found of a server that puts the path and the query of `/a/b` elsewhere.
fn misread(path: std::ops::Range<usize>, query: Option<Span>) -> Vec<Finding> {
    let findings = Findings::new();
    let linted = Lint::new(hello()).collect(&findings);
    let raw = b"/a/b";
    let mut head = RequestHead::new();
    head.fill(raw, &mut Vec::new());
    let path = Span::new(path.start, path.end.min(raw.len()));
    head.line(Method::GET, Version::HTTP_10, Span::new(0, 4), path, query);
    let host = Host::new(able(), std::sync::Arc::new(ThreadClock::new()));
    let exchange = Exchange::new(head, None, std::sync::Arc::new(host), Default::default());
    drop(exchange.call(&linted));
    findings.take()
}

/// What is found where a server calls by hand.
fn by_hand(
    play: impl Fn(
        &dyn Fn(Environ, StartResponse) -> Pin<Box<rgi_lint::Linted<Items>>>,
        Environ,
        StartResponse,
    ),
) -> Vec<Finding> {
    let findings = Findings::new();
    let app = app_fn(|_: Environ, s: StartResponse| {
        Items::new([rgi_core::Event::Start(typed(s.start(StatusCode::OK)))])
    });
    let linted = Lint::new(app).collect(&findings);
    let server = app_fn(|environ: Environ, start_response: StartResponse| {
        play(&|e, s| Box::pin(linted.call(e, s)), environ, start_response);
        Items::new([])
    });
    drop(exchange(request("/"), able(), None).call(&server));
    findings.take()
}

/// What is found where a server polls a body that ends with trailers.
fn with_trailers(poll: impl Fn(&mut Pin<Box<rgi_lint::Linted<Items>>>)) -> Vec<Finding> {
    let findings = Findings::new();
    let app = app_fn(|_: Environ, s: StartResponse| {
        let start = rgi_core::Event::Start(typed(s.start(StatusCode::OK)));
        Items::new([start, rgi_core::Event::Trailers(Box::default())])
    });
    let linted = Lint::new(app).collect(&findings);
    let server = app_fn(|environ: Environ, start_response: StartResponse| {
        poll(&mut Box::pin(linted.call(environ, start_response)));
        Items::new([])
    });
    drop(exchange(request("/"), able(), None).call(&server));
    findings.take()
}

/// What is found where a server gives this input, of which nothing is read.
fn fed(request: Request<()>, input: Input) -> Vec<Finding> {
    let findings = Findings::new();
    let linted = Lint::new(hello()).collect(&findings);
    drop(exchange(request, able(), Some(input)).call(&linted));
    findings.take()
}

struct Short(bool);

impl Stream for Short {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let first = !std::mem::replace(&mut self.0, true);
        Poll::Ready(first.then(|| Ok(Bytes::from_static(b"abc"))))
    }
}

impl InputSource for Short {}

fn short_input() -> Vec<Finding> {
    let findings = Findings::new();
    let app = async_fn(async |mut environ: Environ, s: StartResponse| {
        let mut input = environ.take_input();
        // The input would tell by itself: it is asked by hand.
        while let Some(Ok(_)) = std::future::poll_fn(|cx| input.poll_chunk(cx)).await {}
        Ok(typed(s.start(StatusCode::OK)).full("x"))
    });
    let linted = Lint::new(app).collect(&findings);
    let input = Input::source(Short(false), Some(5));
    let mut response = Box::pin(exchange(request("/"), able(), Some(input)).call(&linted));
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let _ = response.as_mut().poll_head(&mut cx);
    drop(response);
    findings.take()
}

fn changing_facts() -> Vec<Finding> {
    let findings = Findings::new();
    let linted = Lint::new(hello()).collect(&findings);
    for sendfile in [false, true] {
        let mut info = able();
        info.sendfile = sendfile;
        drop(exchange(request("/"), info, None).call(&linted));
    }
    findings.take()
}

fn twice_at_once(threads: bool) -> Vec<Finding> {
    let findings = Findings::new();
    let linted = Lint::new(hello()).collect(&findings);
    let mut info = able();
    (info.multithread, info.reentrant) = (false, false);
    let first = exchange(request("/1"), info.clone(), None).call(&linted);
    match threads {
        false => drop(exchange(request("/2"), info, None).call(&linted)),
        true => std::thread::scope(|scope| {
            scope.spawn(|| drop(exchange(request("/2"), info, None).call(&linted)));
        }),
    }
    drop(first);
    findings.take()
}

/// Findings of a wrong server for each check of that side.
pub(crate) fn wrong() -> Wrong {
    vec![
        (
            "environ-target",
            asked(request("/"), able(), |environ| {
                environ.set_method(Method::CONNECT)
            }),
        ),
        ("environ-target", misread(0..4, Some(Span::new(1, 2)))),
        ("environ-path", misread(0..2, None)),
        ("environ-path", misread(1..4, None)),
        (
            "environ-headers",
            with(|environ| {
                environ
                    .headers_mut()
                    .insert("te", "trailers".parse().unwrap());
            }),
        ),
        (
            "environ-headers",
            with(|environ| {
                environ.headers_mut().insert("x-a", " a".parse().unwrap());
            }),
        ),
        (
            "environ-headers",
            with(|environ| {
                environ.headers_mut().remove("host");
            }),
        ),
        (
            "environ-headers",
            with(|environ| {
                let two = ["a", "b"].map(|host| host.parse().unwrap());
                environ.headers_mut().remove("host");
                for host in two {
                    environ.headers_mut().append("host", host);
                }
            }),
        ),
        (
            "environ-headers",
            with(|environ| {
                let host = "me@b".parse().unwrap();
                environ.headers_mut().insert("host", host);
            }),
        ),
        ("facts-change", changing_facts()),
        (
            "facts-contradict",
            asked(
                request("/"),
                {
                    let mut info = able();
                    info.run_once = true;
                    info
                },
                |_| {},
            ),
        ),
        (
            "facts-contradict",
            with(|environ| {
                environ.set_connection(Connection {
                    peer: Address::None,
                    local: Address::None,
                    tls: Some(Tls::default()),
                });
                environ.set_scheme(rgi_core::Scheme::Http);
            }),
        ),
        ("facts-threads", twice_at_once(true)),
        ("facts-threads", twice_at_once(false)),
        (
            "poll-after-end",
            by_hand(|call, environ, start_response| {
                let mut body = call(environ, start_response);
                for _ in 0..3 {
                    let _ = poll_once(body.as_mut());
                }
            }),
        ),
        (
            "poll-after-end",
            with_trailers(|body| {
                for _ in 0..3 {
                    let _ = poll_once(body.as_mut());
                }
            }),
        ),
        ("finish-before-drop", {
            let findings = Findings::new();
            let linted = Lint::new(hello()).collect(&findings);
            let kept = std::sync::Mutex::new(None);
            let server = app_fn(|environ: Environ, start_response: StartResponse| {
                *kept.lock().unwrap() = Some(Box::pin(linted.call(environ, start_response)));
                Items::new([])
            });
            drop(exchange(request("/"), able(), None).call(&server));
            drop(kept);
            findings.take()
        }),
        ("input-length", short_input()),
        ("input-length", {
            let mut request = request("/");
            let length = "6".parse().unwrap();
            request.headers_mut().insert("content-length", length);
            fed(request, Input::whole("abc".into()))
        }),
    ]
}
