//! Methods by names that clients do not choose.

use http::Method;

/// The name of a method that OpenTelemetry's conventions know, and `_OTHER` for all others: clients do not
/// choose what is counted, or named.
pub(crate) fn method_name(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
    ];
    let known = KNOWN.into_iter().find(|name| method == name);
    known.unwrap_or("_OTHER")
}
