//! Only an offer makes an accepted protocol.
use rgi_core::{Accepted, HeaderValue};

fn forge() -> Accepted {
    Accepted {
        protocol: Some(HeaderValue::from_static("websocket")),
    }
}

fn main() {
    forge();
}
