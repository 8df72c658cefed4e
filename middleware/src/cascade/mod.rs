//! One application behind the other, until one has an answer.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::Cascade;
//!
//! fn pages(environ: Environ, start_response: StartResponse) -> Full {
//!     match environ.path_info() {
//!         "/" => start_response.start(StatusCode::OK).full("the front page"),
//!         _ => start_response.start(StatusCode::NOT_FOUND).full("no such page"),
//!     }
//! }
//! fn old(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("the old program has it")
//! }
//!
//! let client = testing::Client::new(app_fn(pages).with(Cascade::to(app_fn(old))));
//! assert_eq!(client.get("/").send().text(), "the front page");
//! assert_eq!(client.get("/cgi-bin").send().text(), "the old program has it");
//! ```

mod body;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use http::StatusCode;
use rgi_core::{App, Environ, Middleware, StartResponse};

pub use body::CascadeBody;

/// Asks another application where the first answers 404 or 405, and drops that answer.
///
/// The request is lent to the first ([`Environ::lend`]), and the other gets it as it was: method, target,
/// mount, scheme, connection, extensions, what the client offers to switch to, and the limit of the body.
/// Only the header fields are as the first has left them. So nothing of it is kept or copied, and so the
/// first's answer stands where it has read of the request's body, or taken it, or never lets go of the
/// request. Where that shows only behind the drop of its body, the status stands alone.
///
/// It is decided by the head. An error in its place that would be answered with such a status counts as
/// well; one behind it is the first's. Interim responses and hooks of the first are not taken back; nor is
/// what it did to things of others, such as cookies and sessions whose middleware stands around both: what it
/// set there goes out with the other's answer.
///
/// For more than two: `a.with(Cascade::to(b)).with(Cascade::to(c))` asks a, then b, then c.
#[derive(Clone, Debug)]
pub struct Cascade<B> {
    other: Arc<B>,
    statuses: Vec<StatusCode>,
}

impl<B: App> Cascade<B> {
    /// Asks `other` behind whatever is wrapped.
    pub fn to(other: B) -> Cascade<B> {
        Cascade {
            other: Arc::new(other),
            statuses: vec![StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED],
        }
    }

    /// Asks it where the first answers with one of these, and not 404 or 405.
    pub fn when(mut self, statuses: impl IntoIterator<Item = StatusCode>) -> Cascade<B> {
        self.statuses = statuses.into_iter().collect();
        self
    }
}

impl<A: App, B: App> Middleware<A> for Cascade<B> {
    type App = CascadeApp<A, B>;

    fn wrap(&self, inner: A) -> CascadeApp<A, B> {
        CascadeApp {
            first: inner,
            cascade: Arc::new(Cascade {
                other: self.other.clone(),
                statuses: self.statuses.clone(),
            }),
        }
    }
}

/// An application with another one behind it.
#[derive(Clone, Debug)]
pub struct CascadeApp<A, B> {
    first: A,
    cascade: Arc<Cascade<B>>,
}

impl<A: App, B: App> App for CascadeApp<A, B> {
    type Body = CascadeBody<A::Body, B>;

    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let (start_response, fallback) = start_response.with_fallback();
        let (environ, spare) = body::Spare::new(self.cascade.clone(), environ, fallback);
        CascadeBody::new(self.first.call(environ, start_response), spare)
    }
}
