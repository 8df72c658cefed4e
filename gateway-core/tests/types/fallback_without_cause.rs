//! Who replaces a response says what went wrong.
use rgi_core::{Fallback, Started, StatusCode};

fn replace(fallback: Fallback) -> Started {
    fallback.start(StatusCode::INTERNAL_SERVER_ERROR)
}

fn main() {
    let _ = replace;
}
