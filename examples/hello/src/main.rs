//! The smallest RGI program.

use rgi_core::{Environ, Full, StartResponse, StatusCode, app_fn, field, media};

fn hello(_: Environ, start_response: StartResponse) -> Full {
    let started = start_response.start(StatusCode::OK);
    let started = started.header(field::CONTENT_TYPE, media::TEXT_PLAIN);
    started.full("Hello, World!\n")
}

fn main() -> rgi_serve::Exit {
    rgi_serve::main(app_fn(hello))
}
