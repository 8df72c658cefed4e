//! A fallback has no copies.
use rgi_core::Fallback;

fn keep(fallback: &Fallback) -> Fallback {
    fallback.clone()
}

fn main() {
    let _ = keep;
}
