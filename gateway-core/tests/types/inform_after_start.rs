//! Interim responses come before the start.
use rgi_core::{Full, HeaderMap, StartResponse, StatusCode};

fn late(start_response: StartResponse) -> Full {
    let body = start_response.start(StatusCode::OK).empty();
    start_response.inform(StatusCode::EARLY_HINTS, &HeaderMap::new());
    body
}

fn main() {
    let _ = late;
}
