//! What is said of a failure.

use std::error::Error as StdError;
use std::fmt::Write as _;

use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use http::{HeaderValue, StatusCode};
use rgi_core::{Environ, Error, Fallback, Full, field, media};

use super::Catch;

const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Problem,
    Debug,
}

/// An answer to be written if it is needed.
#[derive(Debug)]
pub(super) struct Page {
    settings: Catch,
    /// The request as text, where it will be shown.
    request: String,
}

impl Page {
    pub(super) fn new(settings: Catch, environ: &Environ) -> Page {
        let request = match settings.form {
            Form::Debug => request(environ),
            Form::Plain | Form::Problem => String::new(),
        };
        Page { settings, request }
    }

    pub(super) fn answer(self, fallback: Fallback, error: Error) -> Full {
        let status = match error.status() {
            // Those that are no answers, and that have no room for one.
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            status if status.is_informational() => StatusCode::INTERNAL_SERVER_ERROR,
            status => status,
        };
        let told = self.settings.details && status.is_client_error();
        let detail = told.then(|| error.to_string());
        let (media, text) = match self.settings.form {
            Form::Plain => (media::TEXT_PLAIN, plain(status, detail)),
            Form::Problem => (PROBLEM, problem(status, detail)),
            Form::Debug => (media::TEXT_HTML, debug(status, &error, &self.request)),
        };
        let busy = error.is_overloaded();
        let mut started = fallback.start(status, error);
        let head = started.head_mut();
        head.insert(field::CONTENT_TYPE, media);
        if busy && head.get(&field::RETRY_AFTER).is_none() {
            head.append(field::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.settings.form == Form::Debug {
            head.insert(field::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        started.full(text)
    }
}

fn name(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

fn plain(status: StatusCode, detail: Option<String>) -> String {
    let mut text = format!("{} {}\n", status.as_str(), name(status));
    if let Some(detail) = detail {
        text += &detail;
        text.push('\n');
    }
    text
}

/// RFC 9457 3.1: of `about:blank`, the title is the status's name (4.2.1).
fn problem(status: StatusCode, detail: Option<String>) -> String {
    let mut text = format!(
        r#"{{"title":{},"status":{}"#,
        json(name(status)),
        status.as_str()
    );
    if let Some(detail) = detail {
        text += r#","detail":"#;
        text += &json(&detail);
    }
    text.push('}');
    text
}

/// A string of JSON (RFC 8259 7).
fn json(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\u{0}'..='\u{1f}' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn debug(status: StatusCode, error: &Error, request: &str) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<title>{0} {1}</title>\n<h1>{0} {1}</h1>\n<pre>{2}</pre>\n",
        status.as_str(),
        name(status),
        html(&error.to_string()),
    );
    let mut next = error.source().and_then(StdError::source);
    while let Some(cause) = next {
        let cause_text = html(&cause.to_string());
        let _ = writeln!(page, "<p>because of\n<pre>{cause_text}</pre>");
        next = cause.source();
    }
    let _ = writeln!(page, "<h2>Request</h2>\n<pre>{}</pre>", html(request));
    page
}

/// The request line and the fields. What lets a reader in does not stand on a page.
fn request(environ: &Environ) -> String {
    let (method, target) = (environ.method(), environ.target());
    let mut text = format!("{method} {target} {:?}\n", environ.version());
    for (name, value) in environ.headers() {
        let secret = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].contains(name);
        let value = match secret || value.is_sensitive() {
            true => "(left out)".into(),
            false => String::from_utf8_lossy(value.as_bytes()),
        };
        let _ = writeln!(text, "{name}: {value}");
    }
    text
}

fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            c => escaped.push(c),
        }
    }
    escaped
}
