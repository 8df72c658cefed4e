//! The program of the project's README.

use rgi_core::{Environ, Full, StartResponse, StatusCode, app_fn, field, media};

fn hello(_: Environ, start_response: StartResponse) -> Full {
    start_response
        .start(StatusCode::OK)
        .header(field::CONTENT_TYPE, media::TEXT_PLAIN)
        .full("Hello, World!\n")
}

fn main() -> rgi_serve::Exit {
    rgi_serve::main(app_fn(hello))
}
