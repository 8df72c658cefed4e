//! A ready-made body is only to be had from a start.
use rgi_core::{Bytes, Environ, Full, StartResponse};

fn app(_: Environ, _: StartResponse) -> Full {
    Full {
        started: None,
        data: Bytes::from("no head"),
    }
}

fn main() {
    rgi_core::app_fn(app);
}
