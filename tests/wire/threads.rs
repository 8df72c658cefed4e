//! Threads of one server, where it has several.

use std::sync::{Arc, Barrier};

use rgi_core::{Environ, StartResponse, StatusCode, app_fn};

use crate::wire::support::serve_with;

#[test]
fn two_threads_call_a_shared_application_at_the_same_time() {
    let both = Arc::new(Barrier::new(2));
    let server = serve_with(
        |c| c.threads = 2,
        app_fn(move |e: Environ, s: StartResponse| {
            assert!(e.server().multithread);
            both.wait();
            s.start(StatusCode::OK).full("met")
        }),
    );
    let (mut one, mut two) = (server.connect(), server.connect());
    one.get("/");
    two.get("/");
    one.reply().assert(200, "met");
    two.reply().assert(200, "met");
}
