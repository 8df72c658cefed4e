//! Sites in memory, and in the ways in which servers may differ.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use mini_framework::{Handler, Json, Path, Query, Request, Site, not_found};
use rgi_conformance::check_app;
use rgi_core::testing::{Client, Reply};
use rgi_core::{App, Body, BodyExt, BoxBody, Environ, Error, Full};
use rgi_core::{StartResponse, StatusCode, app_fn, blocking};

async fn hello() -> Result<String, Error> {
    Ok("Hello, World!\n".to_owned())
}

async fn three(
    Path(number): Path<u8>,
    Path(name): Path<String>,
    Query(query): Query<HashMap<String, u32>>,
) -> Result<String, Error> {
    Ok(format!("{number} {name:?} {:?}", query.get("a")))
}

async fn double(Json(numbers): Json<Vec<i64>>) -> Result<(StatusCode, Json<Vec<i64>>), Error> {
    let doubled = numbers.iter().map(|number| number * 2);
    Ok((StatusCode::CREATED, Json(doubled.collect())))
}

async fn fail(Path(how): Path<String>) -> Result<String, Error> {
    match how.as_str() {
        "refuse" => Err(Error::new("a < b & c").with_status(StatusCode::CONFLICT)),
        "panic" => panic!("as asked"),
        "nothing" => Err(not_found()),
        "busy" => Err(Error::overloaded("full")),
        "unnamed" => Err(Error::new("so").with_status(StatusCode::from_u16(499)?)),
        _ => Err(Error::new("the password is 1234")),
    }
}

/// What sends JSON says so.
fn json<'a>(client: &'a Client<Site>, kind: &str, body: &'a str) -> Reply {
    let request = client.post("/double").header("content-type", kind);
    request.body(body.to_owned()).send()
}

fn site() -> Site {
    Site::default()
        .on("GET", "/", hello)
        .on("GET", "/three/{}/{}", three)
        .on("GET", "/double", hello)
        .on("POST", "/double", double)
        .on("PUT", "/double", double)
        .on("GET", "/fail/{}", fail)
}

#[test]
fn arguments_are_extracted() {
    let client = Client::new(site());
    assert_eq!(client.get("/").send().text(), "Hello, World!\n");
    let reply = client.get("/three/7/a%2Fb%20c?a=1&b=2").send();
    assert_eq!(reply.text(), "7 \"a/b c\" Some(1)");
    let reply = json(&client, "application/json", "[1, 2]");
    assert_eq!((reply.status(), reply.text().as_str()), (201, "[2,4]"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
}

#[test]
fn what_cannot_be_extracted_is_the_clients_fault() {
    let client = Client::new(site());
    for (path, status) in [
        ("/three/256/a", 404),
        ("/three/7/%FF", 404),
        ("/three/7/", 404),
        ("/three/7/a/b", 404),
        ("/three/7/a?a=x", 400),
    ] {
        assert_eq!(client.get(path).send().status(), status, "{path}");
    }
    let reply = json(&client, "application/json", "[1, 2");
    assert_eq!(reply.status(), 400);
    assert!(reply.text().contains("EOF while parsing a list"));
    let long = " ".repeat(64 * 1024 + 1);
    let reply = json(&client, "application/json", &long);
    assert_eq!(reply.status(), 413);
}

/// Another site's page can send a form here, along with cookies, and in `text/plain` it can look like JSON.
#[test]
fn json_is_what_is_said_to_be_json() {
    let client = Client::new(site());
    for kind in [
        "Application/JSON ; charset=utf-8",
        "application/problem+json",
    ] {
        assert_eq!(json(&client, kind, "[1]").status(), 201, "{kind}");
    }
    for kind in [
        "text/plain",
        "text/plain; application/json",
        "text/plain;+json",
        "application/x-www-form-urlencoded",
        "json",
        "",
    ] {
        assert_eq!(json(&client, kind, "[1]").status(), 415, "{kind}");
    }
    let unsaid = client.post("/double").body("[1]").send();
    assert_eq!(unsaid.status(), 415);
}

#[test]
fn a_mounted_site_answers_at_its_mount() {
    let client = Client::new(site()).mounted("/shop");
    for path in ["/shop", "/shop/", "/shop?a=1"] {
        assert_eq!(client.get(path).send().text(), "Hello, World!\n", "{path}");
    }
    assert_eq!(client.get("/shop/double/").send().status(), 404);
}

#[test]
fn methods() {
    let client = Client::new(site());
    let reply = client.head("/").send();
    assert_eq!(
        (reply.head().length(), reply.text().as_str()),
        (Some(14), "")
    );
    let reply = client.request(http::Method::DELETE, "/double").send();
    assert_eq!(reply.status(), 405);
    let allow: Vec<_> = reply.head().get_all(&rgi_core::field::ALLOW).collect();
    assert_eq!(allow, ["GET, HEAD", "POST", "PUT"]);
}

#[test]
fn errors_have_pages_and_tell_what_is_the_clients_to_know() {
    let client = Client::new(site());
    let page = |title: &str, text: &str| {
        format!("<!doctype html><title>{title}</title><h1>{title}</h1><p>{text}</p>\n")
    };
    let reply = client.get("/fail/refuse").send();
    assert_eq!(reply.text(), page("409 Conflict", "a &lt; b &amp; c"));
    let reply = client.get("/fail/nothing").send();
    assert_eq!(reply.text(), page("404 Not Found", "there is no such page"));
    let reply = client.get("/nowhere").send();
    assert_eq!(reply.text(), page("404 Not Found", ""));
    let reply = client.get("/fail/otherwise").send();
    assert_eq!(reply.text(), page("500 Internal Server Error", ""));
    let error = reply.outcome().error.as_ref();
    assert_eq!(error.unwrap().to_string(), "the password is 1234");
    let reply = client.get("/fail/unnamed").send();
    assert_eq!(reply.text(), page("499 Error", "so"));
    let reply = client.get("/fail/busy").send();
    assert_eq!(reply.text(), page("503 Service Unavailable", ""));
    assert_eq!(reply.header("retry-after"), Some("1"));
    let reply = client.get("/fail/panic").send();
    assert_eq!(reply.text(), page("500 Internal Server Error", ""));
    assert!(reply.outcome().error.as_ref().unwrap().is_panic());
}

/// An application at a path: one that blocks, or streams, or was there before.
struct Whole<A>(A);

impl<A> Handler<Environ> for Whole<A>
where
    A: App<Body: Send + 'static> + Send + Sync + 'static,
{
    fn handle(&self, request: Request, start_response: StartResponse) -> BoxBody {
        self.0.call(request.environ, start_response).erased()
    }
}

fn load(_: Environ, start_response: StartResponse) -> Result<Full, Error> {
    let load = std::fs::read_to_string("/proc/loadavg")?;
    Ok(start_response.start(StatusCode::OK).full(load))
}

fn lines(_: Environ, start_response: StartResponse) -> impl Body {
    let started = start_response.start(StatusCode::OK);
    started.push(async |mut writer| {
        for n in 1..=3 {
            writer.write(format!("line {n}\n")).await?;
        }
        Ok(())
    })
}

#[test]
fn applications_are_handlers() {
    let site = Site::default()
        .on("GET", "/load", Whole(blocking(load)))
        .on("GET", "/lines", Whole(app_fn(lines)));
    let client = Client::new(site);
    assert!(client.get("/load").send().text().ends_with('\n'));
    let reply = client.get("/lines").send();
    assert_eq!(reply.text(), "line 1\nline 2\nline 3\n");
    assert_eq!(reply.chunks().len(), 3);
}

#[test]
fn handlers_have_state() {
    let visits = Arc::new(AtomicU64::new(0));
    let visit = move || {
        let visits = visits.clone();
        async move { Ok(format!("{}\n", visits.fetch_add(1, Relaxed) + 1)) }
    };
    let client = Client::new(Site::default().on("GET", "/", visit));
    assert_eq!(client.get("/").send().text(), "1\n");
    assert_eq!(client.get("/").send().text(), "2\n");
}

#[test]
fn it_keeps_the_rules_of_applications() {
    let get = |path| http::Request::get(path).body("").unwrap();
    let post = |body| {
        let request = http::Request::post("/double").header("content-type", "application/json");
        request.body(body).unwrap()
    };
    let requests = [
        get("/"),
        get("/three/7/a?a=1"),
        get("/three/x/a"),
        get("/fail/refuse"),
        get("/nowhere"),
        post("[1, 2]"),
        post("[1, 2"),
    ];
    check_app(site(), requests).assert();
}
