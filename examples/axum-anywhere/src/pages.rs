//! Pages by axum's extractors.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{ConnectInfo, MatchedPath, OriginalUri, Path, Query, State};
use axum::http::StatusCode;
use axum::{Form, Json};
use serde::{Deserialize, Serialize};

/// What the handlers share.
pub(crate) type Counter = Arc<AtomicU64>;

#[derive(Deserialize)]
pub(crate) struct Manner {
    loud: Option<bool>,
}

pub(crate) async fn greet(Path(name): Path<String>, Query(manner): Query<Manner>) -> String {
    match manner.loud {
        Some(true) => format!("HELLO, {}!\n", name.to_uppercase()),
        _ => format!("Hello, {name}!\n"),
    }
}

#[derive(Deserialize)]
pub(crate) struct Numbers {
    numbers: Vec<i64>,
}

#[derive(Serialize)]
pub(crate) struct Sum {
    sum: i64,
}

pub(crate) async fn sum(Json(numbers): Json<Numbers>) -> Json<Sum> {
    let sum = numbers.numbers.iter().sum();
    Json(Sum { sum })
}

#[derive(Deserialize)]
pub(crate) struct Signature {
    name: String,
    #[serde(default)]
    note: String,
}

pub(crate) async fn sign(Form(signature): Form<Signature>) -> String {
    format!("{} says: {}\n", signature.name, signature.note)
}

pub(crate) async fn count(State(counter): State<Counter>) -> String {
    format!("{}\n", counter.fetch_add(1, Ordering::Relaxed) + 1)
}

/// The client's address; 500 where nobody says it.
pub(crate) async fn peer(ConnectInfo(address): ConnectInfo<SocketAddr>) -> String {
    format!("{}\n", address.ip())
}

/// Long enough to be worth compressing.
pub(crate) async fn poem() -> String {
    "A rose is a rose is a rose.\n".repeat(200)
}

/// Below a nested router.
pub(crate) async fn rota(path: MatchedPath, OriginalUri(uri): OriginalUri) -> String {
    format!("{} of {uri}\n", path.as_str())
}

pub(crate) async fn nothing(OriginalUri(uri): OriginalUri) -> (StatusCode, String) {
    (
        StatusCode::NOT_FOUND,
        format!("nothing at {}\n", uri.path()),
    )
}
