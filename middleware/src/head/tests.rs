use http::Method;
use rgi_core::testing::Client;
use rgi_core::{AppExt, Body, Environ, StartResponse, StatusCode, app_fn};

use super::HeadFromGet;

fn method(environ: Environ, start_response: StartResponse) -> rgi_core::Full {
    let text = environ.method().to_string();
    start_response.start(StatusCode::OK).full(text)
}

#[test]
fn other_methods_stay() {
    let client = Client::new(app_fn(method).with(HeadFromGet::new()));
    for method in [Method::GET, Method::POST, Method::OPTIONS] {
        let reply = client.request(method.clone(), "/").send();
        assert_eq!(reply.text(), method.as_str());
    }
    let reply = client.head("/").send();
    assert_eq!(
        (reply.head().length(), reply.text().as_str()),
        (Some(3), "")
    );
}

#[test]
fn ranges_are_of_get_alone() {
    let ranges = |environ: Environ, start_response: StartResponse| {
        let (range, condition) = (environ.header("range"), environ.header("if-range"));
        let status = match range.or(condition) {
            Some(_) => StatusCode::PARTIAL_CONTENT,
            None => StatusCode::OK,
        };
        start_response.start(status).full("all")
    };
    let client = Client::new(app_fn(ranges).with(HeadFromGet::new()));
    for (method, status) in [(Method::GET, 206), (Method::HEAD, 200)] {
        let request = client.request(method, "/").header("range", "bytes=0-0");
        assert_eq!(request.header("if-range", "\"a\"").send().status(), status);
    }
}

#[test]
fn a_body_behind_its_head_is_not_made() {
    fn endless(_: Environ, start_response: StartResponse) -> impl Body {
        let chunks = std::iter::from_fn(|| -> Option<Result<_, rgi_core::Error>> {
            unreachable!("nobody wants it")
        });
        start_response.start(StatusCode::OK).iter(chunks)
    }
    let client = Client::new(app_fn(endless).with(HeadFromGet::new()));
    let reply = client.head("/").send();
    assert_eq!((reply.status(), reply.head().length()), (200, None));
}
