//! A head alone is no body.
use rgi_core::{Environ, StartResponse, Started, StatusCode, app_fn};

fn app(_: Environ, start_response: StartResponse) -> Started {
    start_response.start(StatusCode::OK)
}

fn main() {
    app_fn(app);
}
