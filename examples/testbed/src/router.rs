//! From a path to a page.

use rgi_core::{BoxBody, Environ, Method, StartResponse};

use crate::pages::{body, facts, failures, file, hello, memory, protocol, streams, waits};
use crate::refusal::Refusal;

/// A page: the body of its answer, or why there is none.
///
/// The pages' bodies are of many types; erased, they are of one. That costs a box for all but
/// [`Full`](rgi_core::Full).
type Page = fn(Environ, StartResponse) -> Result<BoxBody, Refusal>;

/// Answers a request with the page that it names, or with what is wrong about it.
///
/// A page that refuses was given the right to answer and has used it up. The fallback is a second
/// one: PEP 3333's `exc_info`, and free.
pub(crate) fn route(environ: Environ, start_response: StartResponse) -> BoxBody {
    let (start_response, fallback) = start_response.with_fallback();
    match find(&environ).and_then(|page| page(environ, start_response)) {
        Ok(body) => body,
        Err(refusal) => refusal.answer(fallback).into(),
    }
}

/// The page of a path. Paths are compared as they were sent; one that was mounted and is asked for
/// by its bare name is the root.
fn find(environ: &Environ) -> Result<Page, Refusal> {
    let (methods, page): (Methods, Page) = match environ.path_info() {
        "/" | "" => (ROOT, hello::root),
        "/json" => (GET, hello::json),
        "/environ" => (GET, facts::environ),
        "/stats" => (GET, facts::stats),
        "/counter" => (GET, facts::counter),
        "/echo" => (ANY, body::echo),
        "/digest" => (ANY, body::digest),
        "/digest-blocking" => (ANY, body::digest_blocking),
        "/stream" => (GET, streams::stream),
        "/events" => (GET, streams::events),
        "/push" => (GET, streams::push),
        "/file" => (GET, file::file),
        "/sleep" => (GET, waits::sleep),
        "/tokio-sleep" => (GET, waits::tokio_sleep),
        "/block" => (GET, waits::block),
        "/spin" => (GET, waits::spin),
        "/grow" => (GET, memory::grow),
        "/trailers" => (GET, protocol::trailers),
        "/early-hints" => (GET, protocol::early_hints),
        "/upgrade" => (GET, protocol::upgrade),
        "/fail/before" => (ANY, failures::before),
        "/fail/during" => (ANY, failures::during),
        "/fail/short" => (ANY, failures::short),
        "/fail/long" => (ANY, failures::long),
        "/panic" => (ANY, failures::panic),
        path if path.starts_with(hello::STATUS) => (ANY, hello::status),
        _ => return Err(Refusal::not_found()),
    };
    methods.allow(environ.method())?;
    Ok(page)
}

/// The methods of a page.
enum Methods {
    Any,
    /// As `allow` lists them.
    Only(&'static str),
}

const ANY: Methods = Methods::Any;
const GET: Methods = Methods::Only("GET, HEAD");
const ROOT: Methods = Methods::Only("GET, HEAD, POST");

impl Methods {
    fn allow(&self, method: &Method) -> Result<(), Refusal> {
        match self {
            Methods::Only(list) if !list.split(", ").any(|name| name == method.as_str()) => {
                Err(Refusal::method_not_allowed(list))
            }
            _ => Ok(()),
        }
    }
}
