//! Only a token makes a started response.
use rgi_core::Started;

fn forge(head: rgi_core::server::PooledHead) -> Started {
    Started(head)
}

fn main() {
    let _ = forge;
}
