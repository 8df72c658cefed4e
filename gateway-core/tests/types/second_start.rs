//! A start uses the right to answer up.
use rgi_core::{Environ, Full, StartResponse, StatusCode};

fn app(_: Environ, start_response: StartResponse) -> Full {
    let first = start_response.start(StatusCode::OK);
    drop(first);
    start_response.start(StatusCode::NOT_FOUND).empty()
}

fn main() {
    rgi_core::app_fn(app);
}
