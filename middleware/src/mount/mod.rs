//! Applications below a prefix of the path.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::Mount;
//!
//! fn place(environ: Environ, start_response: StartResponse) -> Full {
//!     let text = format!("{} and {}", environ.script_name(), environ.path_info());
//!     start_response.start(StatusCode::OK).full(text)
//! }
//!
//! let client = testing::Client::new(app_fn(place).with(Mount::at("/shop")));
//! assert_eq!(client.get("/shop/cart").send().text(), "/shop and /cart");
//! assert_eq!(client.get("/shop").send().text(), "/shop and ");
//! assert_eq!(client.get("/shopping").send().status(), 404);
//! ```

#[cfg(test)]
mod tests;

use std::sync::Arc;

use http::StatusCode;
use rgi_core::{App, Either, Environ, Full, Middleware, StartResponse};

use crate::answers;

/// Moves a prefix of the path from `path_info` to `script_name`, as PEP 3333 has it: the application
/// sees the rest, and what it makes of its own URL ([`Environ::url`]) is right all the same.
///
/// A prefix ends where a segment ends. It is compared with the path as it was sent, and nothing is
/// decoded. What lies outside is answered 404, or by [another application](MountApp::or).
///
/// A server does so for all of a program (`--script-name`), and [`Router`](crate::Router) for many
/// applications; this one is for one or two, and boxes none.
#[derive(Clone, Debug)]
pub struct Mount {
    prefix: Arc<str>,
}

impl Mount {
    /// Mounts at a prefix.
    ///
    /// # Panics
    ///
    /// If the prefix does not begin with a slash, or ends with one.
    pub fn at(prefix: &str) -> Mount {
        assert!(
            prefix.starts_with('/') && !prefix.ends_with('/'),
            "the prefix `{prefix}` is not of the form `/a/b`"
        );
        Mount {
            prefix: prefix.into(),
        }
    }
}

impl<A: App> Middleware<A> for Mount {
    type App = MountApp<A>;

    fn wrap(&self, inner: A) -> MountApp<A> {
        MountApp {
            inner,
            prefix: self.prefix.clone(),
            other: NotFound,
        }
    }
}

/// An application below a prefix, and one for what lies outside.
#[derive(Clone, Debug)]
pub struct MountApp<A, O = NotFound> {
    inner: A,
    prefix: Arc<str>,
    other: O,
}

impl<A, O> MountApp<A, O> {
    /// Has another application answer what lies outside of the prefix.
    pub fn or<T: App>(self, other: T) -> MountApp<A, T> {
        MountApp {
            inner: self.inner,
            prefix: self.prefix,
            other,
        }
    }
}

impl<A: App, O: App> App for MountApp<A, O> {
    type Body = Either<A::Body, O::Body>;

    #[inline]
    fn call(&self, mut environ: Environ, start_response: StartResponse) -> Self::Body {
        match environ.mount(&self.prefix) {
            true => Either::left(self.inner.call(environ, start_response)),
            false => Either::right(self.other.call(environ, start_response)),
        }
    }
}

/// Answers 404, as a server does.
#[derive(Clone, Copy, Debug)]
pub struct NotFound;

impl App for NotFound {
    type Body = Full;

    fn call(&self, _: Environ, start_response: StartResponse) -> Full {
        answers::plain(start_response, StatusCode::NOT_FOUND)
    }
}
