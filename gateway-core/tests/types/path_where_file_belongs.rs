//! A file that is sent is an open one, with a range inside it.
use rgi_core::{FileBody, Started};

fn body(started: Started) -> FileBody {
    started.file("/etc/hostname")
}

fn main() {
    let _ = body;
}
