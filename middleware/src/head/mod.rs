//! HEAD for applications that know GET alone.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Full, Method, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::HeadFromGet;
//!
//! fn page(environ: Environ, start_response: StartResponse) -> Full {
//!     if environ.method() != Method::GET {
//!         return start_response.start(StatusCode::METHOD_NOT_ALLOWED).empty();
//!     }
//!     start_response.start(StatusCode::OK).full("a page")
//! }
//!
//! let client = testing::Client::new(app_fn(page).with(HeadFromGet::new()));
//! let reply = client.head("/").send();
//! assert_eq!((reply.status(), reply.head().length()), (200, Some(6)));
//! assert_eq!(reply.text(), "");
//! ```

#[cfg(test)]
mod tests;

use http::Method;
use http::header::{IF_RANGE, RANGE};
use rgi_core::{App, Environ, Middleware, StartResponse};

/// Has an application answer HEAD as it answers GET (RFC 9110 9.3.2).
///
/// The application, and each middleware between, sees the method GET, and no `range`: one of HEAD has no meaning
/// (14.2). The server still knows what the client asked for: it sends the head alone, with its length where
/// the application said it, and drops the body without a poll more. A body that is computed before its head
/// costs what it costs for GET.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeadFromGet(());

impl HeadFromGet {
    /// It has no settings.
    pub fn new() -> HeadFromGet {
        HeadFromGet(())
    }
}

impl<A: App> Middleware<A> for HeadFromGet {
    type App = HeadFromGetApp<A>;

    fn wrap(&self, inner: A) -> HeadFromGetApp<A> {
        HeadFromGetApp(inner)
    }
}

/// An application that sees GET where the client sent HEAD.
#[derive(Clone, Copy, Debug)]
pub struct HeadFromGetApp<A>(A);

impl<A: App> App for HeadFromGetApp<A> {
    type Body = A::Body;

    #[inline]
    fn call(&self, mut environ: Environ, start_response: StartResponse) -> A::Body {
        if *environ.method() == Method::HEAD {
            environ.set_method(Method::GET);
            if environ.header(RANGE.as_str()).is_some() {
                environ.headers_mut().remove(RANGE);
                environ.headers_mut().remove(IF_RANGE);
            }
        }
        self.0.call(environ, start_response)
    }
}
