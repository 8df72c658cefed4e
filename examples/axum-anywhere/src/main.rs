//! Serves the application on any server: `cargo run -p axum-anywhere -- --server evented`.

use rgi_serve::{Exit, Runner};

fn main() -> Exit {
    // Its stream of events, and its layer of deadlines, wait by tokio's clock.
    Runner::new()
        .tokio()
        .run(rgi_tower::app(axum_anywhere::router()))
}
