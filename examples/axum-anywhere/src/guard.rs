//! A middleware of axum's own kind.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Lets through who says the word.
pub(crate) async fn knows_the_word(request: Request, next: Next) -> Response {
    let word = request.headers().get("x-word");
    if word.is_none_or(|word| word != "swordfish") {
        return (StatusCode::FORBIDDEN, "say the word\n").into_response();
    }
    next.run(request).await
}
