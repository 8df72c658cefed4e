use rgi_core::testing::{Client, Reply};
use rgi_core::{AppExt, Environ, FieldName, Full, StartResponse, StatusCode, app_fn};

use super::{Id, RequestId};

/// Says what the application sees: the extension and the field.
fn seen(environ: Environ, start_response: StartResponse) -> Full {
    let id = environ.extensions().get::<Id>().expect("an id");
    let field = environ.header("x-request-id").unwrap_or_default();
    let field = String::from_utf8_lossy(field);
    let text = format!("{} {field}", id.as_str());
    start_response.start(StatusCode::OK).full(text)
}

fn ask(middleware: RequestId, ids: &[&str]) -> Reply {
    let client = Client::new(app_fn(seen).with(middleware));
    let request = ids
        .iter()
        .fold(client.get("/"), |it, id| it.header("x-request-id", id));
    request.send()
}

fn id(reply: &Reply) -> &str {
    reply.header("x-request-id").expect("an id")
}

#[test]
fn each_request_has_one_of_its_own() {
    let (first, second) = (ask(RequestId::new(), &[]), ask(RequestId::new(), &[]));
    assert_ne!(id(&first), id(&second));
    assert_eq!(first.text(), format!("{} {}", id(&first), id(&first)));
}

#[test]
fn a_clients_is_not_trusted() {
    let reply = ask(RequestId::new(), &["mine"]);
    assert_ne!(id(&reply), "mine");
    assert_eq!(reply.text(), format!("{} {}", id(&reply), id(&reply)));
}

#[test]
fn a_proxys_is_taken_over() {
    let reply = ask(RequestId::new().trusting(), &["a-1"]);
    assert_eq!((id(&reply), reply.text().as_str()), ("a-1", "a-1 a-1"));
}

#[test]
fn what_is_no_id_is_replaced() {
    let long = "x".repeat(129);
    for ids in [&["two", "ids"][..], &["a b"], &[""], &[&long]] {
        let reply = ask(RequestId::new().trusting(), ids);
        assert_eq!(id(&reply).len(), 36, "{ids:?}");
        assert_eq!(reply.text(), format!("{} {}", id(&reply), id(&reply)));
    }
}

#[test]
fn another_field_may_have_it() {
    let field = FieldName::from_static("x-trace");
    let client = Client::new(app_fn(seen).with(RequestId::new().field(field)));
    let reply = client.get("/").send();
    assert!(reply.header("x-trace").is_some() && reply.header("x-request-id").is_none());
}
