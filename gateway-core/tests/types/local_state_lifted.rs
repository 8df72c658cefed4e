//! What runs on a pool's threads can go there.
use std::cell::Cell;

use rgi_core::{Environ, Full, StartResponse, StatusCode, blocking};

fn main() {
    let calls = Cell::new(0);
    blocking(move |_: Environ, start_response: StartResponse| {
        calls.set(calls.get() + 1);
        Ok::<Full, _>(start_response.start(StatusCode::OK).empty())
    });
}
