//! Asks clients who they are: the schemes Basic (RFC 7617) and Bearer (RFC 6750).
//!
//! ```
//! use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::{Auth, auth::is_same};
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("hi")
//! }
//!
//! let auth = Auth::bearer("api", |_: &mut Environ, token: &[u8]| is_same(token, b"secret"));
//! let client = testing::Client::new(app_fn(hello).with(auth));
//! let reply = client.get("/").send();
//! assert_eq!(reply.status(), 401);
//! assert_eq!(reply.header("www-authenticate"), Some("Bearer realm=\"api\""));
//! let reply = client.get("/").header("authorization", "Bearer secret").send();
//! assert_eq!(reply.status(), 200);
//! ```

#[cfg(test)]
mod tests;

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderValue, StatusCode};
use rgi_core::{
    App, Either, Environ, Full, Middleware, StartResponse,
    field::{CONTENT_TYPE, WWW_AUTHENTICATE},
    media,
};

/// Lets requests pass whose credentials a function takes, and answers others 401 with a challenge
/// (RFC 9110 11.6.1), without a call of the application.
///
/// The function may put who it is into the environ's extensions. It runs in the call: it must not wait. What it
/// compares is its own affair: [`is_same`] compares secrets.
#[derive(Clone, Copy, Debug)]
pub struct Auth<C> {
    check: C,
    realm: &'static str,
}

/// Says whether credentials are good: what [`Auth::basic`] and [`Auth::bearer`] make.
pub trait Check {
    /// Whether the request's are.
    fn is_good(&self, environ: &mut Environ) -> bool;

    /// What is asked for in a realm, of a request whose credentials are not good.
    fn challenge(&self, realm: &str, environ: &Environ) -> String;
}

/// By name and password.
#[derive(Clone, Copy, Debug)]
pub struct Basic<F>(F);

/// By a token.
#[derive(Clone, Copy, Debug)]
pub struct Bearer<F>(F);

impl<F: Fn(&mut Environ, &[u8], &[u8]) -> bool> Auth<Basic<F>> {
    /// Asks for a name and a password, and `f` whether they are good.
    ///
    /// # Panics
    ///
    /// If the realm has a quotation mark, a backslash or what is not visible ASCII or a space.
    pub fn basic(realm: &'static str, f: F) -> Auth<Basic<F>> {
        Auth::new(realm, Basic(f))
    }
}

impl<F: Fn(&mut Environ, &[u8]) -> bool> Auth<Bearer<F>> {
    /// Asks for a token, and `f` whether it is good.
    ///
    /// # Panics
    ///
    /// As [`basic`](Auth::basic).
    pub fn bearer(realm: &'static str, f: F) -> Auth<Bearer<F>> {
        Auth::new(realm, Bearer(f))
    }
}

impl<C> Auth<C> {
    fn new(realm: &'static str, check: C) -> Auth<C> {
        let plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        assert!(realm.bytes().all(plain), "a realm of visible ASCII");
        Auth { check, realm }
    }
}

/// The credentials of a scheme, whose name knows no case (RFC 9110 11.1). More than one field is none.
fn credentials(environ: &Environ, scheme: &str) -> Option<Vec<u8>> {
    let mut values = environ.headers().get_all(AUTHORIZATION).iter();
    let value = values.next()?.as_bytes();
    if values.next().is_some() {
        return None;
    }
    let (name, rest) = value.split_at_checked(scheme.len())?;
    let is_scheme = name.eq_ignore_ascii_case(scheme.as_bytes()) && rest.first() == Some(&b' ');
    is_scheme.then(|| rest.trim_ascii().to_vec())
}

impl<F: Fn(&mut Environ, &[u8], &[u8]) -> bool> Check for Basic<F> {
    fn is_good(&self, environ: &mut Environ) -> bool {
        let given = credentials(environ, "Basic").and_then(|text| STANDARD.decode(text).ok());
        let Some(given) = given else {
            return false;
        };
        // A name has no colon; a password may (RFC 7617 2).
        let Some(colon) = given.iter().position(|byte| *byte == b':') else {
            return false;
        };
        (self.0)(environ, &given[..colon], &given[colon + 1..])
    }

    fn challenge(&self, realm: &str, _: &Environ) -> String {
        format!("Basic realm=\"{realm}\", charset=\"UTF-8\"")
    }
}

impl<F: Fn(&mut Environ, &[u8]) -> bool> Check for Bearer<F> {
    fn is_good(&self, environ: &mut Environ) -> bool {
        match credentials(environ, "Bearer") {
            Some(token) if !token.is_empty() => (self.0)(environ, &token),
            _ => false,
        }
    }

    /// An error is named to those who gave a token (RFC 6750 3).
    fn challenge(&self, realm: &str, environ: &Environ) -> String {
        match credentials(environ, "Bearer").is_some() {
            true => format!("Bearer realm=\"{realm}\", error=\"invalid_token\""),
            false => format!("Bearer realm=\"{realm}\""),
        }
    }
}

/// Whether two secrets are the same. The time it takes says no more than their lengths.
pub fn is_same(a: &[u8], b: &[u8]) -> bool {
    let differ = |all: u8, (a, b): (&u8, &u8)| black_box(all | (a ^ b));
    a.len() == b.len() && a.iter().zip(b).fold(0, differ) == 0
}

impl<A: App, C: Check + Clone> Middleware<A> for Auth<C> {
    type App = AuthApp<A, C>;

    fn wrap(&self, inner: A) -> AuthApp<A, C> {
        AuthApp {
            inner,
            settings: self.clone(),
        }
    }
}

/// An application whose clients say who they are.
#[derive(Clone, Copy, Debug)]
pub struct AuthApp<A, C> {
    inner: A,
    settings: Auth<C>,
}

impl<A: App, C: Check> App for AuthApp<A, C> {
    type Body = Either<A::Body, Full>;

    fn call(&self, mut environ: Environ, start_response: StartResponse) -> Self::Body {
        let Auth { check, realm } = &self.settings;
        if check.is_good(&mut environ) {
            return Either::left(self.inner.call(environ, start_response));
        }
        let challenge = HeaderValue::try_from(check.challenge(realm, &environ));
        let mut started = start_response.start(StatusCode::UNAUTHORIZED);
        started = started.header(CONTENT_TYPE, media::TEXT_PLAIN);
        if let Ok(challenge) = challenge {
            started = started.header(WWW_AUTHENTICATE, challenge);
        }
        Either::right(started.full("401 Unauthorized\n"))
    }
}
