//! Pages that answer in one block.

use super::{each, each_under};

#[test]
fn the_root_greets() {
    each(|server| {
        let mut client = server.connect();
        client.get("/");
        client.reply().assert(200, "Hello, World!");
        client.ask("HEAD", "/", "");
        let head = client.head();
        assert_eq!(
            (head.status(), head.field("content-length")),
            (200, Some("13"))
        );
        client.post("/", "good day");
        client.reply().assert(200, "good day");
        client.get("/json");
        client.reply().assert(200, r#"{"message":"Hello, World!"}"#);
    });
}

#[test]
fn the_environ_is_the_requests() {
    each_under("/shop", |server| {
        let mut client = server.connect();
        client.ask("GET", "/shop/environ?a=%20", "X-Two: 1\r\nx-two: 2\r\n");
        let value = client.reply().json();
        for (name, expected) in [
            ("method", "GET"),
            ("target", "/shop/environ?a=%20"),
            ("script_name", "/shop"),
            ("path_info", "/environ"),
            ("query", "a=%20"),
            ("version", "HTTP/1.1"),
            ("scheme", "http"),
        ] {
            assert_eq!(value[name], expected, "{name}");
        }
        let headers = value["headers"].to_string();
        let two = r#"["x-two","1"],["x-two","2"]"#;
        assert!(headers.contains(two), "{headers}");
        for end in ["peer", "local"] {
            let address = value[end].as_str().unwrap();
            assert!(address.starts_with("127.0.0.1:"), "{address}");
        }
        client.get("/shop");
        client.reply().assert(200, "Hello, World!");
    });
}

#[test]
fn a_process_counts() {
    each(|server| {
        let mut client = server.connect();
        let mut count = || {
            client.get("/counter");
            let value = client.reply().json();
            (value["pid"].as_u64(), value["count"].as_u64())
        };
        // A connection may be served by several processes.
        let (first, second) = (count(), count());
        assert!(first.0 != second.0 || first.1 < second.1);
    });
}

#[test]
fn a_status_is_answered_as_asked() {
    each(|server| {
        // All on one connection: what follows a bare answer is read as the next.
        let mut client = server.connect();
        for code in [200, 204, 205, 301, 304, 404, 418, 500, 599] {
            client.get(&format!("/status/{code}"));
            let reply = client.reply();
            assert_eq!(reply.status(), code);
            assert_eq!(reply.field("x-rgi-app"), Some("testbed"), "{code}");
        }
        client.get("/status/103");
        let text = "a status is a number from 200 to 599, and this is `103`\n";
        client.reply().assert(400, text);
    });
}

#[test]
fn what_is_not_there_is_refused() {
    each(|server| {
        let mut client = server.connect();
        client.get("/help");
        client.reply().assert(404, "there is no such page\n");
        client.ask("DELETE", "/json", "");
        let reply = client.reply();
        reply.assert(405, "this page takes GET, HEAD\n");
        assert_eq!(reply.field("allow"), Some("GET, HEAD"));
        client.get("/sleep?ms=soon");
        let text = "`ms` must be a number from 0 to 60000, and is `soon`\n";
        client.reply().assert(400, text);
    });
}

#[test]
fn waits_end() {
    each(|server| {
        let mut client = server.connect();
        for path in ["/sleep", "/tokio-sleep", "/block", "/spin"] {
            client.get(&format!("{path}?ms=1"));
            client.reply().assert(200, "1 ms\n");
        }
    });
}

#[test]
fn who_waits_holds_up_nobody() {
    each(|server| {
        let mut paths = Vec::new();
        if server.says("reentrant") {
            paths.extend(["/sleep", "/tokio-sleep"]);
        }
        if !server.says("may_block") {
            // It runs beside the threads that answer.
            paths.extend(["/block"]);
        }
        for path in paths {
            // More than there are threads that answer; far longer than anybody waits.
            let mut waiting: Vec<_> = (0..8).map(|_| server.connect()).collect();
            for client in &mut waiting {
                client.get(&format!("{path}?ms=60000"));
            }
            server.get("/").assert(200, "Hello, World!");
        }
    });
}
