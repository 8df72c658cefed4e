//! Answers of a middleware's own.

use http::StatusCode;
use rgi_core::{Full, StartResponse, Started, field, media};

/// Begins an answer in plain text, and gives the text a server would answer such a status with.
pub(crate) fn start(start_response: StartResponse, status: StatusCode) -> (Started, String) {
    let started = start_response.start(status);
    let started = started.header(field::CONTENT_TYPE, media::TEXT_PLAIN);
    let text = match status.canonical_reason() {
        Some(reason) => format!("{} {reason}\n", status.as_str()),
        None => format!("{}\n", status.as_str()),
    };
    (started, text)
}

/// As a server answers such a status.
pub(crate) fn plain(start_response: StartResponse, status: StatusCode) -> Full {
    let (started, text) = start(start_response, status);
    started.full(text)
}
