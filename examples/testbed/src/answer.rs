//! Answers that several pages give.

use rgi_core::{Bytes, Full, StartResponse, Started, StatusCode, field, media};
use serde_json::Value;

/// 200 with text.
pub(crate) fn text(start_response: StartResponse, text: impl Into<Bytes>) -> Full {
    plain(start_response).full(text)
}

/// 200 with JSON, and a newline behind it for people at terminals.
pub(crate) fn json(start_response: StartResponse, value: &Value) -> Full {
    start_response
        .start(StatusCode::OK)
        .header(field::CONTENT_TYPE, media::JSON)
        .full(format!("{value}\n"))
}

/// The start of a 200 with text.
pub(crate) fn plain(start_response: StartResponse) -> Started {
    start_response
        .start(StatusCode::OK)
        .header(field::CONTENT_TYPE, media::TEXT_PLAIN)
}

/// The start of a 200 with bytes.
pub(crate) fn bytes(start_response: StartResponse) -> Started {
    start_response
        .start(StatusCode::OK)
        .header(field::CONTENT_TYPE, media::OCTET_STREAM)
}
