//! Who begins a response and makes no body of it is told so.
#![deny(unused_must_use)]
use rgi_core::{StartResponse, StatusCode};

fn forget(start_response: StartResponse) {
    start_response.start(StatusCode::OK);
}

fn main() {
    let _ = forget;
}
