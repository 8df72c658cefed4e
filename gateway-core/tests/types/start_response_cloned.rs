//! The right to answer has no copies.
use rgi_core::StartResponse;

fn keep(start_response: StartResponse) -> (StartResponse, StartResponse) {
    (start_response.clone(), start_response)
}

fn main() {
    let _ = keep;
}
