//! Answers for applications that fail.
//!
//! A server answers by itself: with the status and its name, in plain text. This gives failures the form
//! that a program's clients expect, and tells whoever writes it what went wrong.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Error, Full, StartResponse, StatusCode, app_fn, async_fn, testing};
//! use rgi_middleware::Catch;
//!
//! async fn fails(_: Environ, _: StartResponse) -> Result<Full, Error> {
//!     Err(Error::new("no such cart").with_status(StatusCode::NOT_FOUND))
//! }
//!
//! let client = testing::Client::new(async_fn(fails).with(Catch::problems().details()));
//! let reply = client.get("/cart").send();
//! assert_eq!(reply.status(), 404);
//! assert_eq!(reply.header("content-type"), Some("application/problem+json"));
//! let text = r#"{"title":"Not Found","status":404,"detail":"no such cart"}"#;
//! assert_eq!(reply.text(), text);
//! ```

mod body;
mod page;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};

use rgi_core::{App, BodyExt, Environ, Error, Middleware, StartResponse};

pub use body::CatchBody;
use page::{Form, Page};

/// Answers for an application whose body ends in an error, or that panics, before its head is
/// committed. What fails later is cut by the server, and a client that has left gets nothing.
///
/// The status is the error's ([`Error::status`]), and the error goes to the server's log and to the hooks
/// of the exchange as without this.
#[derive(Clone, Copy, Debug)]
pub struct Catch {
    form: Form,
    details: bool,
}

impl Catch {
    /// Answers in plain text: the status and its name.
    pub fn plain() -> Catch {
        Catch::of(Form::Plain)
    }

    /// Answers in JSON: problem details (RFC 9457), of the type `about:blank`, which goes without
    /// saying (3.1.1).
    pub fn problems() -> Catch {
        Catch::of(Form::Problem)
    }

    /// Answers with a page that tells all: the error and what caused it, the request line and the
    /// fields, those with credentials left out. For development alone.
    pub fn debug() -> Catch {
        Catch::of(Form::Debug)
    }

    fn of(form: Form) -> Catch {
        Catch {
            form,
            details: false,
        }
    }

    /// Adds the error's message where the status is 4xx: such errors are written for clients. Those of
    /// other statuses may say what nobody else should read.
    pub fn details(mut self) -> Catch {
        self.details = true;
        self
    }
}

impl<A: App> Middleware<A> for Catch {
    type App = CatchApp<A>;

    fn wrap(&self, inner: A) -> CatchApp<A> {
        CatchApp {
            inner,
            settings: *self,
        }
    }
}

/// An application whose failures are answered for.
#[derive(Clone, Copy, Debug)]
pub struct CatchApp<A> {
    inner: A,
    settings: Catch,
}

impl<A: App> App for CatchApp<A> {
    type Body = CatchBody<A::Body>;

    #[inline]
    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let page = Page::new(self.settings, &environ);
        let (start_response, fallback) = start_response.with_fallback();
        let called = catch_unwind(AssertUnwindSafe(|| {
            self.inner.call(environ, start_response).catch_panics()
        }));
        CatchBody::new(called.map_err(Error::panic), fallback, page)
    }
}
