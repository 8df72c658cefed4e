//! Only a server makes an offer.
use rgi_core::Offer;

fn forge() -> Offer {
    Offer { protocols: None }
}

fn main() {
    forge();
}
