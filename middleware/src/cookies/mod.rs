//! Reads and sets cookies.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::Cookies;
//! use rgi_middleware::cookies::Jar;
//!
//! fn greet(environ: Environ, start_response: StartResponse) -> Full {
//!     let jar = Jar::of(&environ).expect("the middleware sets it");
//!     let name = jar.get("name").unwrap_or_default();
//!     jar.set(("last", name.clone()));
//!     start_response.start(StatusCode::OK).full(format!("Hello, {name}!"))
//! }
//!
//! let client = testing::Client::new(app_fn(greet).with(Cookies::new()));
//! let reply = client.get("/").header("cookie", "name=Ada").send();
//! assert_eq!(reply.text(), "Hello, Ada!");
//! assert_eq!(reply.header("set-cookie"), Some("last=Ada; HttpOnly; SameSite=Lax; Path=/"));
//! ```

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cookie::CookieJar;
pub use cookie::{Cookie, Key, SameSite};
use http::{HeaderMap, HeaderValue, header};
use rgi_core::{
    App, BodyExt, EditHead, Environ, Head, MapStartBody, Middleware, Scheme, StartResponse, field,
};

use crate::fields;
use crate::personal::Personal;

/// Reads the cookies of each request, and sets those that the application changed (RFC 6265). The
/// application finds them in the request's extensions: [`Jar`]. Responses that it looked at them for say
/// `vary: cookie`.
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

/// The cookies of a request, and those that the response sets. Clones are the same one.
#[derive(Clone)]
pub struct Jar(Arc<Shared>);

struct Shared {
    jar: Mutex<CookieJar>,
    key: Option<Key>,
    secure: bool,
    personal: Personal,
}

impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jar").finish_non_exhaustive()
    }
}

impl Jar {
    /// That of a request, if there is a [`Cookies`] around the application.
    pub fn of(environ: &Environ) -> Option<Jar> {
        environ.extensions().get::<Jar>().cloned()
    }

    fn read(environ: &mut Environ, key: Option<Key>) -> Jar {
        Jar(Arc::new(Shared {
            personal: Personal::of(environ),
            jar: Mutex::new(read(environ.headers())),
            key,
            secure: environ.scheme() == Scheme::Https,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, CookieJar> {
        self.0.jar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self) -> &Key {
        let key = self.0.key.as_ref();
        key.expect("`Cookies::key` says with what cookies are signed and encrypted")
    }

    /// The cookies, which the application looks at.
    fn look(&self) -> MutexGuard<'_, CookieJar> {
        self.0.personal.look();
        self.lock()
    }

    /// The cookies, which the application changes.
    fn change(&self) -> MutexGuard<'_, CookieJar> {
        self.0.personal.change();
        self.lock()
    }

    /// The value of a cookie, as the client says it, or as it was set.
    pub fn get(&self, name: &str) -> Option<String> {
        self.look()
            .get(name)
            .map(|cookie| cookie.value().to_owned())
    }

    /// The value of a cookie that was signed; `None` of one that was not, or not with this key.
    ///
    /// # Panics
    ///
    /// If there is no [key](Cookies::key).
    pub fn get_signed(&self, name: &str) -> Option<String> {
        let found = self.look().signed(self.key()).get(name);
        found.map(|cookie| cookie.value().to_owned())
    }

    /// The value of a cookie that was encrypted; `None` of one that was not, or not with this key.
    ///
    /// # Panics
    ///
    /// If there is no [key](Cookies::key).
    pub fn get_private(&self, name: &str) -> Option<String> {
        let found = self.look().private(self.key()).get(name);
        found.map(|cookie| cookie.value().to_owned())
    }

    /// Sets a cookie. What it does not say itself is the safe choice: no script sees it (`HttpOnly`), it
    /// does not come with others' forms (`SameSite=Lax`), it is of the whole host (`Path=/`), and it
    /// stays on https if it was set there (`Secure`). A name that begins with `__Host-` or `__Secure-`
    /// has what browsers ask for (RFC 6265bis 4.1.3).
    ///
    /// It has to be set before the first block of the body is given out.
    pub fn set(&self, cookie: impl Into<Cookie<'static>>) {
        let cookie = self.safe(cookie.into());
        self.change().add(cookie);
    }

    /// Sets a cookie that clients can read and cannot change.
    ///
    /// # Panics
    ///
    /// If there is no [key](Cookies::key).
    pub fn set_signed(&self, cookie: impl Into<Cookie<'static>>) {
        let cookie = self.safe(cookie.into());
        self.change().signed_mut(self.key()).add(cookie);
    }

    /// Sets a cookie that clients can neither read nor change.
    ///
    /// # Panics
    ///
    /// If there is no [key](Cookies::key).
    pub fn set_private(&self, cookie: impl Into<Cookie<'static>>) {
        let cookie = self.safe(cookie.into());
        self.change().private_mut(self.key()).add(cookie);
    }

    /// Has the client forget a cookie of the whole host.
    pub fn remove(&self, name: impl Into<String>) {
        let cookie = self.safe(Cookie::from(name.into()));
        self.change().remove(cookie);
    }

    fn safe(&self, cookie: Cookie<'static>) -> Cookie<'static> {
        safe(cookie, self.0.secure)
    }
}

/// Reads the cookies of a request. Of one name the first counts: its path is the longest (RFC 6265 5.4).
pub(crate) fn read(headers: &HeaderMap) -> CookieJar {
    let mut jar = CookieJar::new();
    let lines = headers.get_all(header::COOKIE).iter();
    for line in lines.filter_map(|line| line.to_str().ok()) {
        for cookie in Cookie::split_parse_encoded(line).flatten() {
            if jar.get(cookie.name()).is_none() {
                jar.add_original(cookie.into_owned());
            }
        }
    }
    jar
}

/// Chooses what a cookie does not say.
pub(crate) fn safe(mut cookie: Cookie<'static>, secure: bool) -> Cookie<'static> {
    let (is_host, is_secure) = (
        cookie.name().starts_with("__Host-"),
        cookie.name().starts_with("__Secure-"),
    );
    if cookie.http_only().is_none() {
        cookie.set_http_only(true);
    }
    if cookie.same_site().is_none() {
        cookie.set_same_site(SameSite::Lax);
    }
    // One that is sent to other sites is taken on https alone.
    let is_none = cookie.same_site() == Some(SameSite::None);
    if is_host || is_secure || (cookie.secure().is_none() && (secure || is_none)) {
        cookie.set_secure(true);
    }
    if is_host || cookie.path().is_none() {
        cookie.set_path("/");
    }
    if is_host {
        cookie.unset_domain();
    }
    cookie
}

/// Puts the cookies that were changed into a response.
pub(crate) fn write(jar: &CookieJar, head: &mut Head) {
    for cookie in jar.delta() {
        // Names and values are percent-encoded: what is left are paths and domains of the application's
        // that are none.
        if let Ok(value) = HeaderValue::try_from(cookie.encoded().to_string()) {
            head.append(field::SET_COOKIE, value);
        }
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
        if self.0.0.personal.is_looked_at() {
            fields::vary(head, "cookie");
        }
        write(&self.0.lock(), head);
    }
}
