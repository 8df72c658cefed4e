//! A status is a number in its range, without text.
use rgi_core::{StartResponse, Started};

fn start(start_response: StartResponse) -> Started {
    start_response.start("200 OK")
}

fn main() {
    let _ = start;
}
