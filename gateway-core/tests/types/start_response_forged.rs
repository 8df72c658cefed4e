//! Only a server makes the right to answer.
use rgi_core::StartResponse;

fn forge(head: rgi_core::server::PooledHead) -> StartResponse {
    StartResponse(head)
}

fn main() {
    let _ = forge;
}
