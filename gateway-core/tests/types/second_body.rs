//! A start makes one body.
use rgi_core::{Environ, Full, StartResponse, StatusCode};

fn app(_: Environ, start_response: StartResponse) -> (Full, Full) {
    let started = start_response.start(StatusCode::OK);
    (started.full("one"), started.full("two"))
}

fn main() {
    let _ = app;
}
