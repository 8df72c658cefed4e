//! Sites in memory, and in the ways in which servers may differ.

use std::collections::HashMap;

use http::Request;
use mini_framework::{Json, Path, Query, Site, not_found};
use rgi_conformance::check_app;
use rgi_core::testing::Client;
use rgi_core::{Error, StatusCode};

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
        _ => Err(Error::new("the password is 1234")),
    }
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
    let reply = client.post("/double").body("[1, 2]").send();
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
    let reply = client.post("/double").body("[1, 2").send();
    assert_eq!(reply.status(), 400);
    assert!(reply.text().contains("EOF while parsing a list"));
    let long = vec![b' '; 64 * 1024 + 1];
    assert_eq!(client.post("/double").body(long).send().status(), 413);
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
    assert_eq!(allow, ["GET", "POST", "PUT"]);
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
    let reply = client.get("/fail/panic").send();
    assert_eq!(reply.text(), page("500 Internal Server Error", ""));
    assert!(reply.outcome().error.as_ref().unwrap().is_panic());
}

#[test]
fn it_keeps_the_rules_of_applications() {
    let get = |path| Request::get(path).body("").unwrap();
    let post = |body| Request::post("/double").body(body).unwrap();
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
