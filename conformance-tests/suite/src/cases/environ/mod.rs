//! What an application is told of a request.

pub(super) mod fields;
pub(super) mod line;
pub(super) mod paths;
pub(super) mod values;

use rgi_core::server::Address;
use rgi_core::{BodyExt, BoxBody, Environ, StartResponse, StatusCode};

/// Answers with a text.
pub(in crate::cases) fn text(
    start_response: StartResponse,
    text: impl Into<rgi_core::Bytes>,
) -> BoxBody {
    start_response.start(StatusCode::OK).full(text).into()
}

/// Answers with a text of unknown length: one that depends on where the application stands.
pub(in crate::cases) fn line(start_response: StartResponse, text: String) -> BoxBody {
    let started = start_response.start(StatusCode::OK);
    started.push(async |mut out| out.write(text).await).erased()
}

/// All values of a field, as the application sees them.
fn values(environ: &Environ, name: &str) -> String {
    let values = environ.headers().get_all(name).into_iter();
    let shown: Vec<String> = values
        .map(|value| format!("[{}]", value.as_bytes().escape_ascii()))
        .collect();
    shown.join(" ")
}

/// These variables of the CGI view, a word each; `-` for one that is not there.
fn vars(environ: &Environ, names: &[&str]) -> String {
    let vars = environ.vars();
    let shown = names.iter().map(|name| match vars.get(name) {
        Some(value) => format!("{name}={}", value.escape_ascii()),
        None => format!("{name}-"),
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// Whether an end of the connection is told as what it is.
fn is_told(address: &Address) -> bool {
    match address {
        Address::Tcp(address) => address.port() != 0,
        Address::Unix(_) => true,
        Address::None => false,
    }
}
