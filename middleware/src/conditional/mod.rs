//! Answers conditional requests.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::Conditional;
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("hi")
//! }
//!
//! let client = testing::Client::new(app_fn(hello).with(Conditional::new()));
//! let first = client.get("/").send();
//! let tag = first.header("etag").expect("one is made of the body");
//! let again = client.get("/").header("if-none-match", tag).send();
//! assert_eq!((again.status(), again.body().len()), (304, 0));
//! ```

mod body;
mod conditions;
#[cfg(test)]
mod tests;

use http::Method;
use rgi_core::{App, Environ, Middleware, StartResponse};

pub use body::ConditionalBody;
pub use conditions::{Conditions, Verdict};
#[cfg(feature = "range")]
pub(crate) use conditions::{is_same, modified, parsed, seconds};

/// Answers a GET or HEAD whose conditions do not hold with 304 or 412 in place of the application's
/// response, by the entity tag and the date that are in it (RFC 9110 13).
///
/// A response of one block, of up to 1 MiB, that is there whole and has no tag is given one, of its
/// bytes. The application does its work all the same: what is saved is the transfer.
///
/// Conditions of other methods have to hold before anything is done: they are the application's to look
/// at ([`Conditions`]). Where [`Range`](crate::Range) is used too, it stands outside: conditions come
/// first (RFC 9110 13.2.2).
#[derive(Clone, Copy, Debug)]
pub struct Conditional {
    tags: bool,
}

impl Conditional {
    /// Looks at conditions, and makes tags.
    pub fn new() -> Conditional {
        Conditional { tags: true }
    }

    /// Makes no tags: those that the application sets are all there are.
    pub fn without_tags(mut self) -> Conditional {
        self.tags = false;
        self
    }
}

impl Default for Conditional {
    fn default() -> Conditional {
        Conditional::new()
    }
}

impl<A: App> Middleware<A> for Conditional {
    type App = ConditionalApp<A>;

    fn wrap(&self, inner: A) -> ConditionalApp<A> {
        ConditionalApp {
            inner,
            settings: *self,
        }
    }
}

/// An application whose responses meet conditions.
#[derive(Clone, Copy, Debug)]
pub struct ConditionalApp<A> {
    inner: A,
    settings: Conditional,
}

impl<A: App> App for ConditionalApp<A> {
    type Body = ConditionalBody<A::Body>;

    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let looks = matches!(*environ.method(), Method::GET | Method::HEAD);
        let conditions = looks.then(|| Conditions::of(environ.headers())).flatten();
        let body = self.inner.call(environ, start_response);
        match looks && (self.settings.tags || conditions.is_some()) {
            true => ConditionalBody::new(body, conditions, self.settings.tags),
            false => ConditionalBody::through(body),
        }
    }
}
