//! Answers requests for a part of a response.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::Range;
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("Hello, World!")
//! }
//!
//! let client = testing::Client::new(app_fn(hello).with(Range::new()));
//! let reply = client.get("/").header("range", "bytes=7-11").send();
//! assert_eq!((reply.status(), reply.text().as_str()), (206, "World"));
//! assert_eq!(reply.header("content-range"), Some("bytes 7-11/13"));
//! ```

mod asked;
mod body;
#[cfg(test)]
mod tests;

use http::Method;
use rgi_core::{App, Environ, Middleware, StartResponse};

pub(crate) use asked::{Asked, Part, set_accepted};
pub use body::RangeBody;

/// Answers a GET for a range of bytes (RFC 9110 14) with that part, 206, of a response of known length,
/// of blocks or of files; one that lies behind its end with 416. `if-range` is heeded.
///
/// Of what comes before the part blocks are made and thrown away; of files nothing is read that is not
/// sent. A request for several ranges is given the whole, as RFC 9110 14.2 allows, and so is one in
/// other units than bytes. [`Conditional`](crate::Conditional) stands inside.
#[derive(Clone, Copy, Debug, Default)]
pub struct Range(());

impl Range {
    /// Answers requests for ranges of bytes.
    pub fn new() -> Range {
        Range(())
    }
}

impl<A: App> Middleware<A> for Range {
    type App = RangeApp<A>;

    fn wrap(&self, inner: A) -> RangeApp<A> {
        RangeApp { inner }
    }
}

/// An application of whose responses parts can be had.
#[derive(Clone, Copy, Debug)]
pub struct RangeApp<A> {
    inner: A,
}

impl<A: App> App for RangeApp<A> {
    type Body = RangeBody<A::Body>;

    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let is_get = environ.method() == Method::GET;
        let asked = is_get.then(|| Asked::of(environ.headers())).flatten();
        let offers = is_get || environ.method() == Method::HEAD;
        RangeBody::new(self.inner.call(environ, start_response), asked, offers)
    }
}
