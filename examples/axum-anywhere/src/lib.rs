//! An axum application that knows nothing of RGI: extractors, forms and files, streams both ways,
//! server-sent events, WebSockets, nested routers, middleware, and layers of tower-http. `main.rs` has it
//! served by every RGI server; [`behind`] is what stands between the two.

pub mod behind;
mod guard;
mod pages;
mod socket;
pub mod ticks;
mod uploads;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::from_fn;
use axum::routing::{any, get, post};
use axum::{Router, response::IntoResponse};
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

/// The most bytes that an upload may have.
pub const LONGEST_UPLOAD: usize = 1024 * 1024;

/// Longest wait for an answer to begin.
const PATIENCE: Duration = Duration::from_millis(500);

/// The application.
pub fn router() -> Router {
    let request_id = HeaderName::from_static("x-request-id");
    Router::new()
        .route("/greet/{name}", get(pages::greet))
        .route("/sum", post(pages::sum))
        .route("/sign", post(pages::sign))
        .route("/count", get(pages::count))
        .route("/peer", get(pages::peer))
        .route("/poem", get(pages::poem))
        .route("/upload", post(uploads::whole))
        .route("/measure", post(uploads::measure))
        .route("/files", post(uploads::files))
        .route("/echo", post(uploads::echo))
        .route("/events", get(ticks::events))
        .route("/socket", any(socket::open))
        .route("/never", get(std::future::pending::<()>))
        .nest("/staff", staff())
        .fallback(pages::nothing)
        .with_state(Arc::new(AtomicU64::new(0)))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(LONGEST_UPLOAD))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            PATIENCE,
        ))
        .layer(CompressionLayer::new())
        .layer(CorsLayer::new().allow_origin(Any))
        .layer(SetResponseHeaderLayer::overriding(
            HeaderName::from_static("x-served-by"),
            HeaderValue::from_static("axum"),
        ))
        .layer(PropagateRequestIdLayer::new(request_id.clone()))
        .layer(TraceLayer::new_for_http())
        .layer(SetRequestIdLayer::new(request_id, MakeRequestUuid))
}

/// A router of its own, behind a middleware of its own.
fn staff() -> Router<pages::Counter> {
    Router::new()
        .route("/rota", get(pages::rota))
        .fallback(async || (StatusCode::NOT_FOUND, "no such room\n").into_response())
        .layer(from_fn(guard::knows_the_word))
}
