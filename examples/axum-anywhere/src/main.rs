//! Serves the application on any server: `cargo run -p axum-anywhere -- --server evented`.

use axum_anywhere::{behind, router};
use rgi_serve::{Exit, Runner};

fn main() -> Exit {
    // Its stream of events, its layer of deadlines and its sockets want a runtime of tokio's.
    Runner::new().tokio().run(behind::app(router()))
}
