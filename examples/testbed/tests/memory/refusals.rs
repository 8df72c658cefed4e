//! Requests that get no page.

use super::{client, get};

#[test]
fn other_paths_are_not_found() {
    for path in [
        "/help",
        "/json/",
        "/JSON",
        "//",
        "/status",
        "/fail",
        "/fail/",
        "/%6ason",
        "/stream/1",
    ] {
        let reply = get(path);
        assert_eq!(reply.status(), 404, "{path}");
        assert_eq!(reply.text(), "there is no such page\n");
    }
}

#[test]
fn a_value_out_of_bounds_is_refused_with_what_would_be_right() {
    for (target, text) in [
        (
            "/stream?chunks=100001",
            "`chunks` must be a number from 0 to 100000, and is `100001`\n",
        ),
        (
            "/push?size=0",
            "`size` must be a number from 1 to 1048576, and is `0`\n",
        ),
        (
            "/file?size=67108865",
            "`size` must be a number from 0 to 67108864, and is `67108865`\n",
        ),
        (
            "/grow?size=0",
            "`size` must be a number from 1 to 67108864, and is `0`\n",
        ),
        (
            "/events?count=-1",
            "`count` must be a number from 0 to 100000, and is `-1`\n",
        ),
        (
            "/stream?delay_ms=60001",
            "`delay_ms` must be a number from 0 to 60000, and is `60001`\n",
        ),
    ] {
        let reply = get(target);
        assert_eq!((reply.status(), &*reply.text()), (400, text), "{target}");
    }
    for path in ["/sleep", "/tokio-sleep", "/block", "/spin"] {
        let reply = get(&format!("{path}?ms=soon"));
        let text = "`ms` must be a number from 0 to 60000, and is `soon`\n";
        assert_eq!((reply.status(), &*reply.text()), (400, text), "{path}");
    }
}

#[test]
fn a_status_that_is_no_answer_is_refused() {
    for code in ["100", "101", "103", "600", "abc", ""] {
        let reply = get(&format!("/status/{code}"));
        let text = format!("a status is a number from 200 to 599, and this is `{code}`\n");
        assert_eq!((reply.status(), reply.text()), (400, text));
    }
}

#[test]
fn what_a_server_cannot_do_is_not_implemented() {
    let mut client = client();
    let info = &mut client.host_mut().info;
    (info.trailers, info.informational, info.upgrade) = (false, false, false);
    for path in ["/trailers", "/early-hints", "/upgrade"] {
        let reply = client.get(path).send();
        assert_eq!(reply.status(), 501, "{path}");
        assert_eq!(reply.header("x-rgi-app"), Some("testbed"));
        assert_eq!(reply.interim().len(), 0);
    }
}

#[test]
fn without_a_runtime_tokio_sleeps_not() {
    let reply = get("/tokio-sleep");
    assert_eq!(reply.status(), 501);
    assert!(reply.text().contains("Runner::tokio"), "{}", reply.text());
}

#[test]
fn the_log_is_told_why() {
    let reply = get("/sleep?ms=x");
    let cause = reply.outcome().error.as_ref().unwrap();
    assert_eq!(format!("{cause}\n"), reply.text());
}
