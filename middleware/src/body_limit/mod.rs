//! Refuses bodies that are too long.
//!
//! A server has a limit of its own (`--max-body`), for all of a program; this one is for a part of it,
//! and cannot raise the server's.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Error, Full, StartResponse, StatusCode, async_fn, testing};
//! use rgi_middleware::BodyLimit;
//!
//! async fn length(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
//!     let body = environ.input().collect(u64::MAX).await?;
//!     Ok(start_response.start(StatusCode::OK).full(body.len().to_string()))
//! }
//!
//! let client = testing::Client::new(async_fn(length).with(BodyLimit::new(4)));
//! assert_eq!(client.post("/").body("four").send().text(), "4");
//! assert_eq!(client.post("/").body("fives").send().status(), 413);
//! ```

#[cfg(test)]
mod tests;

use std::future::{Ready, ready};

use rgi_core::{App, Environ, Error, Flatten, Middleware, StartResponse};

/// Refuses requests whose bodies are longer than so many bytes.
///
/// One whose length is announced is answered 413 (RFC 9110 15.5.14) without a call of the application.
/// Of another the read past the limit fails with an error that
/// [is of that kind](Error::is_too_large), and is answered the same where the application passes it on.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit {
    bytes: u64,
}

impl BodyLimit {
    /// Lets bodies of up to `bytes` bytes pass.
    pub fn new(bytes: u64) -> BodyLimit {
        BodyLimit { bytes }
    }
}

impl<A: App> Middleware<A> for BodyLimit {
    type App = BodyLimitApp<A>;

    fn wrap(&self, inner: A) -> BodyLimitApp<A> {
        BodyLimitApp {
            inner,
            bytes: self.bytes,
        }
    }
}

/// An application whose requests have bodies of limited length.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimitApp<A> {
    inner: A,
    bytes: u64,
}

impl<A: App> App for BodyLimitApp<A> {
    type Body = Flatten<Ready<Result<A::Body, Error>>, A::Body>;

    fn call(&self, mut environ: Environ, start_response: StartResponse) -> Self::Body {
        let announced = environ.input().length();
        Flatten::new(ready(match announced {
            Some(length) if length > self.bytes => Err(Error::too_large(format!(
                "a body of {length} bytes, where {} are the most",
                self.bytes
            ))),
            _ => {
                environ.map_input(|input| input.limit(self.bytes));
                Ok(self.inner.call(environ, start_response))
            }
        }))
    }
}
