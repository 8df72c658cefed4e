//! An application takes an environ and the right to answer.
use rgi_core::{Full, StartResponse, StatusCode, app_fn};

fn app(start_response: StartResponse) -> Full {
    start_response.start(StatusCode::OK).empty()
}

fn main() {
    app_fn(app);
}
