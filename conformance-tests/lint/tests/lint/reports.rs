//! Where findings go.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use http::{Method, Version};
use rgi_core::rt::ThreadClock;
use rgi_core::server::{Exchange, Host, Level, Log, RequestHead, Span};
use rgi_core::testing::Client;
use rgi_core::{AppExt, Environ, StartResponse, StatusCode, app_fn};
use rgi_lint::{Findings, Lint};

use crate::support::able;

fn untyped() -> impl rgi_core::App {
    app_fn(|_: Environ, s: StartResponse| s.start(StatusCode::OK).full("?"))
}

#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Log for Lines {
    fn log(&self, _: Level, message: fmt::Arguments<'_>) {
        self.0.lock().unwrap().push(message.to_string());
    }
}

#[test]
fn the_log_is_told_once_of_each_kind() {
    let lines = Arc::new(Lines::default());
    let mut client = Client::new(Lint::new(untyped()));
    client.host_mut().log = lines.clone();
    for _ in 0..3 {
        assert_eq!(client.get("/a").send().text(), "?");
    }
    let lines = lines.0.lock().unwrap();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("content-type-missing") && lines[0].ends_with("(RGI 146)"),
        "{lines:?}"
    );
}

#[test]
fn a_panic_is_answered_500_where_nothing_was_sent() {
    let reply = Client::new(Lint::new(untyped()).panic()).get("/").send();
    assert_eq!(reply.status(), 500);
    let error = reply.outcome().error.as_ref().unwrap();
    assert!(
        error.is_panic() && error.to_string().contains("RGI 146"),
        "{error}"
    );
}

#[test]
fn a_finding_is_one_line() {
    let findings = Findings::new();
    let linted = Lint::new(untyped()).collect(&findings);
    let raw = b"/a\nb";
    let mut head = RequestHead::new();
    head.fill(raw, &mut Vec::new());
    let whole = Span::new(0, raw.len());
    head.line(Method::GET, Version::HTTP_10, whole, whole, None);
    let host = Host::new(able(), Arc::new(ThreadClock::new()));
    let exchange = Exchange::new(head, None, Arc::new(host), Default::default());
    let mut response = Box::pin(exchange.call(&linted));
    let _ = response
        .as_mut()
        .poll_head(&mut Context::from_waker(Waker::noop()));
    drop(response);
    let findings = findings.take();
    let checks: Vec<&str> = findings.iter().map(|finding| finding.check).collect();
    assert_eq!(checks, ["environ-target", "content-type-missing"]);
    for finding in findings {
        assert_eq!(finding.to_string().lines().count(), 1, "{finding}");
    }
}

#[test]
fn checks_can_be_left_out() {
    let findings = Findings::new();
    let linted = Lint::new(untyped())
        .collect(&findings)
        .except(&["content-type-missing"]);
    let _ = Client::new(linted).get("/").send();
    assert!(findings.is_empty());
}

#[test]
fn it_is_a_middleware() {
    let findings = Findings::new();
    let app = untyped().with(Lint::new(()).collect(&findings));
    let _ = Client::new(app).get("/").send();
    assert_eq!(findings.take()[0].check, "content-type-missing");
}
