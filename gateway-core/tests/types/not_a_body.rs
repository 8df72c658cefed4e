//! Text is no body: without a head nobody can send it.
use rgi_core::app_fn;

fn main() {
    app_fn(|_, _| "Hello, World!");
}
