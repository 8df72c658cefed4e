//! A name of `http` may be one of the server's, so it is none that may be set.
use rgi_core::{HeaderName, HeaderValue, Started};

fn set(started: Started, name: HeaderName) -> Started {
    started.header(name, HeaderValue::from_static("close"))
}

fn main() {
    let _ = set;
}
