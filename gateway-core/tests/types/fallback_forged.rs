//! Only a token gives the right to answer for who was handed it.
use rgi_core::Fallback;

fn forge() -> Fallback {
    Fallback(None)
}

fn main() {
    forge();
}
