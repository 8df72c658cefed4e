//! The blocks of an iterator are bytes.
use rgi_core::{Error, Started};

fn blocks(started: Started) {
    drop(started.iter([Ok::<String, Error>("text".to_owned())]));
}

fn main() {
    let _ = blocks;
}
