//! Gives each request a span, for `tracing` and what listens to it.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::Tracing;
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     tracing::info!("an event in the span of the request");
//!     start_response.start(StatusCode::OK).full("hi")
//! }
//!
//! let client = testing::Client::new(app_fn(hello).with(Tracing::new()));
//! assert_eq!(client.get("/").send().status(), 200);
//! ```

mod body;
mod finish;
mod name;
#[cfg(test)]
mod tests;

use std::fmt::{self, Display};
use std::sync::Arc;

use http::{Method, Version};
use rgi_core::server::Address;
use rgi_core::{App, Environ, Middleware, StartResponse};
use tracing::Span;
use tracing::field::{Empty, display};

use crate::method::method_name;
use crate::observed::HeadTime;
pub use body::TracingBody;
use name::Name;

/// Gives each request a span, `request` of the target `rgi`, at the level `INFO`.
///
/// It is entered whenever the application does something on the server's thread: the call, each poll of
/// its body, and the drop. A [`blocking`](rgi_core::blocking) application on a pool takes the span out of
/// its environ ([`Tracing::span`]) and enters it there. It closes with the end of the exchange, behind the
/// hooks of the application.
///
/// Its fields are those of OpenTelemetry's conventions for HTTP servers:
///
/// | from the beginning | at the end |
/// |---|---|
/// | `http.request.method`, and `http.request.method_original` of one that is not known | `http.response.status_code`, unless none was sent |
/// | `url.scheme`, `url.path`; `url.query` if [asked for](Self::query) | `http.response.body.size`: bytes of payload |
/// | `client.address`, `client.port`: of the connection | `error.type`: the status of a failure, or `truncated` |
/// | `network.protocol.version`, `user_agent.original` | `rgi.outcome`: `sent`, `refused`, `truncated`, `disconnected` |
/// | `otel.kind` (`server`) | `otel.status_code`: `ERROR` for what the server is to blame for |
/// | | `http.route`: the pattern that a [`Router`](crate::Router) inside found; `otel.name`: method and route |
///
/// A failure is an event in the span: of the level `ERROR` for what is answered with 5xx, and for what is
/// cut; `WARN` for 503; `DEBUG` for what the client is to blame for, cut or not, and for one that has left.
///
/// Where nobody listens to the span, nothing is made and nothing looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracing {
    query: bool,
    prepare: Option<fn(&Environ, &Span)>,
}

impl Tracing {
    /// A span for each request.
    pub fn new() -> Tracing {
        Tracing::default()
    }

    /// Says the query, too. It may hold what nobody is to read in a log.
    pub fn query(mut self) -> Tracing {
        self.query = true;
        self
    }

    /// Has this called with each span before the application: to give it a parent that a field of the
    /// request names, or to record its route.
    ///
    /// ```
    /// # use rgi_middleware::Tracing;
    /// let tracing = Tracing::new().prepare(|environ, span| {
    ///     span.record("http.route", environ.script_name());
    /// });
    /// ```
    pub fn prepare(mut self, f: fn(&Environ, &Span)) -> Tracing {
        self.prepare = Some(f);
        self
    }

    /// The span of a request; one that is disabled where there is none.
    pub fn span(environ: &Environ) -> Span {
        let span = environ.extensions().get::<Span>();
        span.cloned().unwrap_or_else(Span::none)
    }

    fn begin(&self, environ: &Environ) -> Span {
        let span = tracing::info_span!(
            target: "rgi",
            "request",
            otel.name = Empty,
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = method_name(environ.method()),
            http.request.method_original = unknown(environ.method()),
            http.route = Empty,
            http.response.status_code = Empty,
            http.response.body.size = Empty,
            url.scheme = environ.scheme().as_str(),
            url.path = path(environ),
            url.query = environ.query().filter(|_| self.query),
            client.address = client(environ),
            client.port = environ.remote().tcp().map(|address| address.port()),
            network.protocol.version = version(environ.version()),
            user_agent.original = environ.header("user-agent").map(text),
            "error.type" = Empty,
            rgi.outcome = Empty,
        );
        if let Some(prepare) = self.prepare.filter(|_| !span.is_disabled()) {
            prepare(environ, &span);
        }
        span
    }
}

fn unknown(method: &Method) -> Option<&str> {
    (method != method_name(method)).then(|| method.as_str())
}

/// As it was sent.
fn path(environ: &Environ) -> impl tracing::Value + '_ {
    let (front, rest) = (environ.script_name(), environ.path_info());
    display(fmt::from_fn(move |f| write!(f, "{front}{rest}")))
}

fn client(environ: &Environ) -> Option<impl tracing::Value + '_> {
    let address = environ.remote();
    let text = fmt::from_fn(move |f| match address {
        Address::Tcp(address) => address.ip().fmt(f),
        other => other.fmt(f),
    });
    (*address != Address::None).then(|| display(text))
}

/// As OpenTelemetry writes it.
fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_11 => "1.1",
        Version::HTTP_2 => "2",
        _ => "3",
    }
}

/// What a client sent, which is mostly text.
fn text(bytes: &[u8]) -> impl tracing::Value + '_ {
    display(bytes.escape_ascii())
}

impl<A: App> Middleware<A> for Tracing {
    type App = TracingApp<A>;

    fn wrap(&self, inner: A) -> TracingApp<A> {
        TracingApp {
            inner,
            settings: *self,
        }
    }
}

/// An application whose requests have spans.
#[derive(Clone, Copy, Debug)]
pub struct TracingApp<A> {
    inner: A,
    settings: Tracing,
}

impl<A: App> App for TracingApp<A> {
    type Body = TracingBody<A::Body>;

    #[inline]
    fn call(&self, mut environ: Environ, start_response: StartResponse) -> Self::Body {
        let span = self.settings.begin(&environ);
        let head = (!span.is_disabled()).then(|| watch(&span, &mut environ));
        let body = span.in_scope(|| self.inner.call(environ, start_response));
        TracingBody::new(body, head, span)
    }
}

/// The hook holds the span: it closes behind those of the application.
fn watch(span: &Span, environ: &mut Environ) -> Arc<HeadTime> {
    environ.extensions_mut().insert(span.clone());
    let (name, head) = (Name::new(environ), Arc::new(HeadTime::new()));
    let (span, seen) = (span.clone(), head.clone());
    environ.on_finish(move |outcome| {
        name.record(&span);
        finish::finish(&span, outcome, &seen.ending(outcome));
    });
    head
}
