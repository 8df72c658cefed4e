//! Reads and sets cookies.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Error, Full, StartResponse, StatusCode, async_fn, testing};
//! use rgi_middleware::Cookies;
//! use rgi_middleware::cookies::Jar;
//!
//! async fn greet(environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
//!     let jar = Jar::of(&environ).expect("the middleware sets it");
//!     let name = jar.get("name").unwrap_or_default();
//!     jar.set(("last", name.clone()))?;
//!     Ok(start_response.start(StatusCode::OK).full(format!("Hello, {name}!")))
//! }
//!
//! let client = testing::Client::new(async_fn(greet).with(Cookies::new()));
//! let reply = client.get("/").header("cookie", "name=Ada").send();
//! assert_eq!(reply.text(), "Hello, Ada!");
//! assert_eq!(reply.header("set-cookie"), Some("last=Ada; HttpOnly; SameSite=Lax; Path=/"));
//! ```

mod jar;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;

pub use cookie::{Cookie, Key, SameSite};
use rgi_core::{App, BodyExt, EditHead, Environ, Head, MapStartBody, Middleware, StartResponse};

pub use jar::Jar;
#[cfg(feature = "sessions")]
pub(crate) use {
    jar::safe,
    text::{is_name, read, write},
};

/// Reads the cookies of each request, and sets those that the application changed (RFC 6265). The
/// application finds them in the request's extensions: [`Jar`]. Responses that it looked at them for say
/// `vary: cookie`. The server's answer to an error sets none.
#[derive(Clone, Default)]
pub struct Cookies {
    key: Option<Key>,
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing of the key.
        f.debug_struct("Cookies").finish_non_exhaustive()
    }
}

impl Cookies {
    /// Reads and sets cookies in the clear.
    pub fn new() -> Cookies {
        Cookies::default()
    }

    /// Signs and encrypts with a key, too. All processes and all versions of a program that shall read
    /// each other's cookies have the same.
    pub fn key(mut self, key: Key) -> Cookies {
        self.key = Some(key);
        self
    }
}

impl<A: App> Middleware<A> for Cookies {
    type App = CookiesApp<A>;

    fn wrap(&self, inner: A) -> CookiesApp<A> {
        CookiesApp {
            inner,
            settings: self.clone(),
        }
    }
}

/// An application that sees cookies.
#[derive(Clone, Debug)]
pub struct CookiesApp<A> {
    inner: A,
    settings: Cookies,
}

impl<A: App> App for CookiesApp<A> {
    type Body = MapStartBody<A::Body, SetCookies>;

    fn call(&self, mut environ: Environ, start_response: StartResponse) -> Self::Body {
        let jar = Jar::read(&mut environ, self.settings.key.clone());
        environ.extensions_mut().insert(jar.clone());
        let body = self.inner.call(environ, start_response);
        body.map_start(SetCookies(jar))
    }
}

/// Puts cookies into the response.
#[derive(Debug)]
pub struct SetCookies(Jar);

impl EditHead for SetCookies {
    fn edit(&mut self, head: &mut Head) {
        self.0.close(head);
    }
}
