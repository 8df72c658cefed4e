//! An application can be called again.
use rgi_core::{StartResponse, StatusCode, app_fn};

fn main() {
    let greeting = String::from("once");
    app_fn(move |_, start_response: StartResponse| {
        start_response.start(StatusCode::OK).full(greeting)
    });
}
