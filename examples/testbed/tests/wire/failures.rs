//! Answers that go wrong, and servers that go on.

use super::each;

#[test]
fn before_the_head_it_is_a_500_of_the_servers() {
    each(|server| {
        for path in ["/fail/before", "/panic"] {
            let reply = server.get(path);
            assert_eq!(reply.status(), 500, "{path}");
            assert_eq!(reply.field("x-rgi-app"), None, "{path}");
            assert!(!reply.text().contains("asked for"), "{}", reply.text());
            server.get("/").assert(200, "Hello, World!");
        }
    });
}

#[test]
fn behind_the_head_the_connection_is_cut() {
    each(|server| {
        let mut client = server.connect();
        client.get("/fail/during");
        let head = client.head();
        assert_eq!(
            (head.status(), head.field("x-rgi-app")),
            (200, Some("testbed"))
        );
        assert_eq!(client.chunk().unwrap(), b"so far, so good\n");
        assert_eq!(client.rest(), "", "no last chunk, and no text");
        server.get("/").assert(200, "Hello, World!");
    });
}

#[test]
fn a_promise_that_is_broken_is_cut() {
    each(|server| {
        for (path, length, sent) in [("/fail/short", "10", "12345"), ("/fail/long", "5", "123")] {
            let mut client = server.connect();
            client.get(path);
            let head = client.head();
            assert_eq!(
                (head.status(), head.field("content-length")),
                (200, Some(length))
            );
            assert_eq!(client.rest(), sent, "{path}");
            server.get("/").assert(200, "Hello, World!");
        }
    });
}
