//! A field's value is checked before it is set.
use rgi_core::{Started, field};

fn set(started: Started) -> Started {
    started.header(field::LOCATION, "/\r\nset-cookie: a=b")
}

fn main() {
    let _ = set;
}
