use std::time::Duration;

use http::{HeaderName, Method};
use rgi_core::testing::{Client, Reply};
use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn};

use super::Cors;

const SHOP: &str = "https://shop.example";

fn hello(_: Environ, start_response: StartResponse) -> Full {
    start_response.start(StatusCode::OK).full("hi")
}

fn get(cors: Cors, origin: &str) -> Reply {
    let client = Client::new(app_fn(hello).with(cors));
    client.get("/").header("origin", origin).send()
}

fn preflight(cors: Cors, origin: &str) -> Reply {
    let client = Client::new(app_fn(hello).with(cors));
    let request = client
        .request(Method::OPTIONS, "/")
        .header("origin", origin);
    let request = request.header("access-control-request-method", "PUT");
    request
        .header("access-control-request-headers", "x-a, x-b")
        .send()
}

fn allowed(reply: &Reply) -> Option<&str> {
    reply.header("access-control-allow-origin")
}

#[test]
fn origins_of_the_list_are_allowed_and_others_not() {
    let reply = get(Cors::origins([SHOP]), SHOP);
    assert_eq!(
        (allowed(&reply), reply.header("vary")),
        (Some(SHOP), Some("origin"))
    );
    for other in ["https://shop.example.evil", "http://shop.example", "null"] {
        let reply = get(Cors::origins([SHOP]), other);
        assert_eq!(
            (allowed(&reply), reply.header("vary")),
            (None, Some("origin"))
        );
        assert_eq!(reply.text(), "hi");
    }
}

#[test]
fn any_is_a_star_but_with_credentials() {
    let reply = get(Cors::any(), SHOP);
    assert_eq!((allowed(&reply), reply.header("vary")), (Some("*"), None));
    let reply = get(Cors::any().credentials(), SHOP);
    assert_eq!(
        (allowed(&reply), reply.header("vary")),
        (Some(SHOP), Some("origin"))
    );
    assert_eq!(
        reply.header("access-control-allow-credentials"),
        Some("true")
    );
}

#[test]
fn a_function_may_decide() {
    let cors = Cors::when(|origin, _| origin.as_bytes().ends_with(b".example"));
    assert_eq!(allowed(&get(cors.clone(), SHOP)), Some(SHOP));
    assert_eq!(allowed(&get(cors, "https://evil.test")), None);
}

#[test]
fn preflights_are_answered_without_the_application() {
    let cors = Cors::origins([SHOP]).max_age(Duration::from_secs(600));
    let reply = preflight(cors.clone(), SHOP);
    assert_eq!((reply.status(), allowed(&reply)), (204, Some(SHOP)));
    assert_eq!(
        reply.header("access-control-allow-headers"),
        Some("x-a, x-b")
    );
    assert_eq!(reply.header("access-control-max-age"), Some("600"));
    let reply = preflight(cors.methods([Method::PUT]), "https://evil.test");
    assert_eq!((reply.status(), allowed(&reply)), (204, None));
    assert_eq!(reply.header("access-control-allow-methods"), None);
}

#[test]
fn an_options_that_is_no_preflight_is_the_applications() {
    let client = Client::new(app_fn(hello).with(Cors::any()));
    let reply = client
        .request(Method::OPTIONS, "/")
        .header("origin", SHOP)
        .send();
    assert_eq!((reply.status(), reply.text().as_str()), (200, "hi"));
}

#[test]
fn fields_are_exposed_to_those_who_are_allowed() {
    let cors = Cors::origins([SHOP]).expose([HeaderName::from_static("x-total")]);
    let exposed = |origin| {
        let reply = get(cors.clone(), origin);
        reply
            .header("access-control-expose-headers")
            .map(str::to_owned)
    };
    assert_eq!(exposed(SHOP).as_deref(), Some("x-total"));
    assert_eq!(exposed("https://evil.test"), None);
}
