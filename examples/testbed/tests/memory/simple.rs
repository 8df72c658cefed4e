//! Pages that answer in one block, and those that fail.

use rgi_core::{End, StatusCode};

use super::{client, get, json};

#[test]
fn the_root_greets() {
    let reply = get("/");
    assert_eq!((reply.status(), &*reply.text()), (200, "Hello, World!"));
    let media = reply.header("content-type");
    assert_eq!(media, Some("text/plain; charset=utf-8"));
    assert_eq!(reply.head().length(), Some(13));
    let head = client().head("/").send();
    assert_eq!((head.status(), head.head().length()), (200, Some(13)));
    assert_eq!(head.chunks().len(), 0);
}

#[test]
fn so_does_its_json() {
    let reply = get("/json");
    assert_eq!(json(&reply)["message"], "Hello, World!");
    assert_eq!(reply.text(), r#"{"message":"Hello, World!"}"#);
}

#[test]
fn the_environ_is_shown() {
    let client = client().mounted("/shop");
    let request = client.get("/shop/environ?a=%20&b").header("x-two", "1");
    let reply = request.header("x-two", "2").send();
    let value = json(&reply);
    for (name, expected) in [
        ("method", "GET"),
        ("target", "/shop/environ?a=%20&b"),
        ("script_name", "/shop"),
        ("path_info", "/environ"),
        ("query", "a=%20&b"),
        ("version", "HTTP/1.1"),
        ("scheme", "http"),
        ("peer", "127.0.0.1:50000"),
        ("local", "127.0.0.1:80"),
    ] {
        assert_eq!(value[name], expected, "{name}");
    }
    assert_eq!(value["pid"], std::process::id());
    assert!(value["thread"].as_str().unwrap().contains("the_environ"));
    let two = |n: &str| serde_json::json!(["x-two", n]);
    let headers = value["headers"].as_array().unwrap();
    assert!(headers.contains(&two("1")) && headers.contains(&two("2")));
    let facts = value["server"].as_object().unwrap();
    assert_eq!(facts.len(), 14, "a fact is missing, or new");
    assert_eq!(facts["may_block"], true);
    assert_eq!(facts["sendfile"], false);
    assert_eq!(facts["http2"], false);
    assert_eq!(facts["process"], serde_json::Value::Null);
}

#[test]
fn a_mounted_root_may_be_asked_for_by_its_bare_name() {
    let client = client().mounted("/shop");
    for target in ["/shop", "/shop/", "/shop?a"] {
        assert_eq!(client.get(target).send().text(), "Hello, World!");
    }
    assert_eq!(client.get("/").send().status(), 404);
}

#[test]
fn a_get_is_counted_and_a_head_is_not() {
    // The only test in this process that asks for this page.
    let count = || json(&get("/counter"))["count"].as_u64().unwrap();
    assert_eq!(count(), 1);
    assert_eq!(client().head("/counter").send().status(), 200);
    assert_eq!(count(), 2);
}

#[test]
fn a_status_is_answered_as_asked() {
    for code in [200, 201, 204, 205, 301, 304, 404, 426, 500, 599] {
        let reply = get(&format!("/status/{code}"));
        assert_eq!(reply.status(), code);
        let bare = [204, 205, 304].contains(&code);
        assert_eq!(reply.body().is_empty(), bare, "{code}");
    }
    assert_eq!(get("/status/418").text(), "418 I'm a teapot\n");
}

#[test]
fn waits_end() {
    for client in [client(), client().lifting()] {
        for path in ["/sleep", "/block", "/spin"] {
            let reply = client.get(&format!("{path}?ms=1")).send();
            assert_eq!((reply.status(), &*reply.text()), (200, "1 ms\n"), "{path}");
        }
    }
}

#[test]
fn what_fails_before_the_head_is_the_servers_to_answer() {
    for path in ["/fail/before", "/panic"] {
        let reply = client().get(path).send();
        assert_eq!((reply.status(), reply.outcome().end), (500, End::Refused));
        assert_eq!(reply.header("x-rgi-app"), None);
        let cause = reply.outcome().error.as_ref().unwrap().to_string();
        assert!(cause.ends_with("as was asked for"), "{cause}");
    }
}

#[test]
fn what_fails_later_is_cut() {
    for (path, sent, length) in [
        ("/fail/during", "so far, so good\n", None),
        ("/fail/short", "12345", Some(10)),
        ("/fail/long", "123", Some(5)),
    ] {
        let reply = get(path);
        assert!(reply.was_cut(), "{path}");
        assert_eq!(reply.outcome().end, End::Truncated);
        assert_eq!(reply.outcome().status, Some(StatusCode::OK));
        assert_eq!((&*reply.text(), reply.head().length()), (sent, length));
    }
}
