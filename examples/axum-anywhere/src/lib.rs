//! An axum application that knows nothing of RGI: extractors, uploads, server-sent events, and layers of
//! tower-http. `main.rs` has it served by every RGI server.

mod ticks;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Sse;
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tower_http::cors::{Any, CorsLayer};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::ticks::Ticks;

/// The most bytes that an upload may have.
pub const LONGEST_UPLOAD: usize = 1024 * 1024;

/// Longest wait for an answer to begin.
const PATIENCE: Duration = Duration::from_millis(500);

/// The application.
pub fn router() -> Router {
    let request_id = HeaderName::from_static("x-request-id");
    Router::new()
        .route("/greet/{name}", get(greet))
        .route("/sum", post(sum))
        .route("/count", get(count))
        .route("/upload", post(upload))
        .route("/echo", post(echo))
        .route("/events", get(events))
        .route("/never", get(std::future::pending::<()>))
        .with_state(Arc::new(AtomicU64::new(0)))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(LONGEST_UPLOAD))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            PATIENCE,
        ))
        .layer(CorsLayer::new().allow_origin(Any))
        .layer(SetResponseHeaderLayer::overriding(
            HeaderName::from_static("x-served-by"),
            HeaderValue::from_static("axum"),
        ))
        .layer(PropagateRequestIdLayer::new(request_id.clone()))
        .layer(SetRequestIdLayer::new(request_id, MakeRequestUuid))
}

#[derive(Deserialize)]
struct Manner {
    loud: Option<bool>,
}

async fn greet(Path(name): Path<String>, Query(manner): Query<Manner>) -> String {
    match manner.loud {
        Some(true) => format!("HELLO, {}!\n", name.to_uppercase()),
        _ => format!("Hello, {name}!\n"),
    }
}

#[derive(Deserialize)]
struct Numbers {
    numbers: Vec<i64>,
}

#[derive(Serialize)]
struct Sum {
    sum: i64,
}

async fn sum(Json(numbers): Json<Numbers>) -> Json<Sum> {
    let sum = numbers.numbers.iter().sum();
    Json(Sum { sum })
}

async fn count(State(counter): State<Arc<AtomicU64>>) -> String {
    format!("{}\n", counter.fetch_add(1, Ordering::Relaxed) + 1)
}

/// Takes the whole body.
async fn upload(headers: HeaderMap, body: Bytes) -> String {
    let kind = headers
        .get("content-type")
        .and_then(|kind| kind.to_str().ok());
    format!("{} bytes of {}\n", body.len(), kind.unwrap_or("nothing"))
}

/// Sends back what comes, block by block.
async fn echo(body: Body) -> Body {
    body
}

/// Three events, a moment apart.
async fn events() -> Sse<Ticks> {
    Sse::new(Ticks::new(3))
}
