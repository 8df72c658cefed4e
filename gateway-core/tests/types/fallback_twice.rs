//! A fallback answers once.
use rgi_core::{Error, Fallback, Started, StatusCode};

fn twice(fallback: Fallback) -> [Started; 2] {
    let one = fallback.start(StatusCode::BAD_GATEWAY, Error::new("one"));
    let two = fallback.start(StatusCode::BAD_GATEWAY, Error::new("two"));
    [one, two]
}

fn main() {
    let _ = twice;
}
