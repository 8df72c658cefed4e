//! The end of a span.

use rgi_core::server::Level;
use rgi_core::{End, Error, Outcome};
use tracing::Span;

use crate::observed::Ending;

/// Records how an exchange ended, and says what failed.
pub(super) fn finish(span: &Span, outcome: &Outcome<'_>, ending: &Ending) {
    let status = ending.status;
    if let Some(status) = status {
        span.record("http.response.status_code", status.as_u16());
    }
    span.record("http.response.body.size", ending.bytes);
    span.record("rgi.outcome", ending.outcome());
    let kind = match (ending.end, &status) {
        (End::Truncated, _) => Some("truncated"),
        (_, Some(status)) if status.is_server_error() => Some(status.as_str()),
        _ => None,
    };
    if let Some(kind) = kind {
        span.record("error.type", kind);
        span.record("otel.status_code", "ERROR");
    }
    let _entered = span.enter();
    match outcome.error {
        Some(error) => tell(level(ending, error), error),
        None if ending.end == End::Truncated => {
            tracing::error!(target: "rgi", "the response was cut")
        }
        None => {}
    }
}

fn level(ending: &Ending, error: &Error) -> Level {
    match ending.end {
        End::Disconnected => Level::Debug,
        End::Truncated => Level::of_cut(error),
        End::Sent | End::Refused => Level::of_failure(ending.status.unwrap_or(error.status())),
    }
}

fn tell(level: Level, error: &Error) {
    match level {
        Level::Error => tracing::error!(target: "rgi", %error, "the request failed"),
        Level::Warn => tracing::warn!(target: "rgi", %error, "the request failed"),
        Level::Info | Level::Debug => tracing::debug!(target: "rgi", %error, "the request failed"),
    }
}
