//! There is no head without a token.
use rgi_core::{Head, StatusCode};

fn forge() -> Head {
    Head {
        status: StatusCode::OK,
    }
}

fn main() {
    forge();
}
