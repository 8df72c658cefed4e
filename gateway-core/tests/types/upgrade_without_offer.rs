//! There is no upgrade that the client did not ask for.
use rgi_core::{Body, Environ, StartResponse, StatusCode};

fn app(mut environ: Environ, start_response: StartResponse) -> impl Body {
    let offer = environ.take_offer();
    let started = start_response.start(StatusCode::SWITCHING_PROTOCOLS);
    started.upgrade(offer, async |_| Ok(()))
}

fn main() {
    let _ = app;
}
