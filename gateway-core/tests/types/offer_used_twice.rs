//! One protocol of an offer can be accepted.
use rgi_core::{Accepted, Offer};

fn both(offer: Offer) -> (Option<Accepted>, Option<Accepted>) {
    (offer.accept("websocket").ok(), offer.accept("echo").ok())
}

fn main() {
    let _ = both;
}
