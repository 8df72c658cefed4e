//! A field's name is checked before it is set.
use rgi_core::{Started, media};

fn set(started: Started) -> Started {
    started.header("content-type", media::TEXT_PLAIN)
}

fn main() {
    let _ = set;
}
