//! What chooses applications keeps the rules for applications, in all the ways in which servers may
//! differ: bodies in pieces, clients that leave, a server that may not block.

use http::Request;
use rgi_conformance::check_app;
use rgi_core::{
    App, AppExt, Bytes, Environ, Error, Full, StartResponse, StatusCode, app_fn, async_fn,
    blocking, field, media,
};
use rgi_middleware::{Cascade, HeadFromGet, Health, Hosts, Mount, Router};

async fn echo(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
    let body = environ.input().collect(1 << 20).await?;
    let started = start_response.start(StatusCode::OK);
    Ok(started
        .header(field::CONTENT_TYPE, media::OCTET_STREAM)
        .full(body))
}

fn path(environ: Environ, start_response: StartResponse) -> Full {
    let started = start_response.start(StatusCode::OK);
    let started = started.header(field::CONTENT_TYPE, media::TEXT_PLAIN);
    started.full(environ.path_info().to_owned())
}

/// Reads of no body, and has no answer.
fn nothing(_: Environ, start_response: StartResponse) -> Result<Full, Error> {
    let started = start_response.start(StatusCode::NOT_FOUND);
    let started = started.header(field::CONTENT_TYPE, media::TEXT_PLAIN);
    Ok(started.full("nothing"))
}

fn check(app: impl App) {
    let ask = |method: &str, target: &str, body: &'static str| {
        let request = Request::builder().method(method).uri(target);
        request.body(Bytes::from(body)).unwrap()
    };
    let requests = [
        ask("GET", "/", ""),
        ask("GET", "/a/b%20c?d", ""),
        ask("HEAD", "/a/b", ""),
        ask("POST", "/a/b", "a body in pieces"),
        ask("DELETE", "/a/b", ""),
        ask("OPTIONS", "/a/b", ""),
        ask("OPTIONS", "*", ""),
        ask("GET", "/readyz", ""),
    ];
    check_app(app, requests).assert();
}

#[test]
fn routers() {
    let inner = Router::new()
        .get("/{name}", app_fn(path))
        .post("/{name}", async_fn(echo));
    let inner = inner.build().unwrap();
    check(Router::new().mount("/a", inner).build().unwrap());
}

#[test]
fn mounts() {
    check(app_fn(path).with(Mount::at("/a")).or(async_fn(echo)));
}

#[test]
fn hosts() {
    let hosts = Hosts::new().host("example.org", app_fn(path));
    check(hosts.fallback(async_fn(echo)).build().unwrap());
}

#[test]
fn cascades() {
    check(blocking(nothing).with(Cascade::to(async_fn(echo))));
}

#[test]
fn head_and_health() {
    let health = Health::new().check("good", async || Ok(()));
    check(async_fn(echo).with((health, HeadFromGet::new())));
}
