//! The client without a connection: the test client of the core crate.

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use rgi_core::BoxApp;
use rgi_core::server::Framing;
use rgi_core::testing::{self, Reply};

use super::answer::{Framing as OnWire, Head, write_body};
use super::ask::{Body, Request};

type Named<'a> = [(&'static str, &'a str)];

/// Sends a request, and writes down what is answered.
pub(super) fn perform(
    client: &testing::Client<BoxApp>,
    request: &Request,
    named: &Named<'_>,
    seen: &mut String,
) -> Result<(), String> {
    let method =
        Method::from_bytes(request.method.as_bytes()).map_err(|error| error.to_string())?;
    let mut asked = client.request(method, &request.target);
    for (name, value) in named {
        asked = asked.header(name, value);
    }
    for (name, value) in &request.fields {
        asked = asked.header(name, value);
    }
    asked = match &request.body {
        Body::None => asked,
        Body::Whole(bytes) => asked.body(bytes.clone()),
        Body::Pieces(pieces, trailers) => {
            let asked = asked.chunks(pieces.clone());
            let mut map = HeaderMap::new();
            for (name, value) in trailers {
                map.append(
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                );
            }
            match map.is_empty() {
                true => asked,
                false => asked.trailers(map),
            }
        }
    };
    if let Some(bytes) = request.leave_after {
        asked = asked.leave_after(bytes);
    }
    let reply = asked.send();
    for (status, headers) in reply.interim() {
        let fields = headers
            .iter()
            .map(|(name, value)| field(name.as_str(), value));
        head(status.as_u16(), fields.collect()).write(&[], seen);
    }
    let left = request.leave_after;
    write(&reply, left, seen);
    Ok(())
}

fn field(name: &str, value: &HeaderValue) -> (String, String) {
    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
    (name.to_ascii_lowercase(), value)
}

fn head(status: u16, mut fields: Vec<(String, String)>) -> Head {
    fields.sort_by(|(a, _), (b, _)| a.cmp(b));
    Head {
        status,
        fields,
        framing: OnWire::None,
    }
}

fn write(reply: &Reply, left: Option<u64>, seen: &mut String) {
    let fields = reply.head().iter();
    let mut fields: Vec<_> = fields
        .map(|(name, value)| field(name.as_str(), value))
        .collect();
    let length = match reply.framing() {
        Framing::Length(length) => Some(length),
        // What it would be, of HEAD and 304.
        Framing::None => reply.head().length(),
        Framing::Unknown | Framing::Upgrade => None,
    };
    if let Some(length) = length {
        fields.push(("content-length".to_owned(), length.to_string()));
    }
    let head = head(reply.status(), fields);
    head.write(&[], seen);
    let body = reply.body();
    if let Some(bytes) = left {
        let taken = usize::try_from(bytes).map_or(body.len(), |bytes| bytes.min(body.len()));
        return write_body(&body[..taken], seen);
    }
    head.write_body(&body, seen);
    if reply.was_cut() {
        let _ = writeln!(seen, "cut");
    }
    for (name, value) in reply.trailers().into_iter().flatten() {
        let (name, value) = field(name.as_str(), value);
        let _ = writeln!(seen, "trailer {name}: {value}");
    }
}

/// Asks something beside the case.
pub(super) fn control(
    client: &testing::Client<BoxApp>,
    target: &str,
    named: &[(&str, &str)],
) -> Result<String, String> {
    let asked = client.get(target);
    let asked = named
        .iter()
        .fold(asked, |asked, (name, value)| asked.header(name, value));
    Ok(asked.send().text())
}
