//! The cookies of one request and its response.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cookie::{Cookie, CookieJar, Key, SameSite};
use rgi_core::{Environ, Error, Head, Scheme};

use super::text::{is_name, read, write};
use crate::fields;
use crate::personal::Personal;

/// The cookies of a request, and those that the response sets. Clones are the same one.
#[derive(Clone)]
pub struct Jar(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    key: Option<Key>,
    secure: bool,
    personal: Personal,
}

struct State {
    jar: CookieJar,
    /// The head is on its way: what is set now would be lost.
    closed: bool,
}

impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jar").finish_non_exhaustive()
    }
}

impl Jar {
    /// That of a request, if there is a [`Cookies`](super::Cookies) around the application.
    pub fn of(environ: &Environ) -> Option<Jar> {
        environ.extensions().get::<Jar>().cloned()
    }

    pub(super) fn read(environ: &mut Environ, key: Option<Key>) -> Jar {
        Jar(Arc::new(Shared {
            personal: Personal::of(environ),
            state: Mutex::new(State {
                jar: read(environ.headers()),
                closed: false,
            }),
            key,
            secure: environ.scheme() == Scheme::Https,
        }))
    }

    /// Puts the cookies that were changed into a response: behind that none is.
    pub(super) fn close(&self, head: &mut Head) {
        let mut state = self.lock();
        state.closed = true;
        if self.0.personal.is_looked_at() {
            fields::vary(head, "cookie");
        }
        write(&state.jar, head);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cookies, which the application looks at.
    fn look(&self) -> MutexGuard<'_, State> {
        self.0.personal.look();
        self.lock()
    }

    fn key(&self) -> &Key {
        let key = self.0.key.as_ref();
        key.expect("`Cookies::key` says with what cookies are signed and encrypted")
    }

    /// The value of a cookie, as the client says it, or as it was set.
    pub fn get(&self, name: &str) -> Option<String> {
        let state = self.look();
        state.jar.get(name).map(|cookie| cookie.value().to_owned())
    }

    /// The value of a cookie that was signed; `None` of one that was not, or not with this key.
    ///
    /// # Panics
    ///
    /// If there is no [key](super::Cookies::key).
    pub fn get_signed(&self, name: &str) -> Option<String> {
        let found = self.look().jar.signed(self.key()).get(name);
        found.map(|cookie| cookie.value().to_owned())
    }

    /// The value of a cookie that was encrypted; `None` of one that was not, or not with this key.
    ///
    /// # Panics
    ///
    /// If there is no [key](super::Cookies::key).
    pub fn get_private(&self, name: &str) -> Option<String> {
        let found = self.look().jar.private(self.key()).get(name);
        found.map(|cookie| cookie.value().to_owned())
    }

    /// Sets a cookie. What it does not say itself is the safe choice: no script sees it (`HttpOnly`), it
    /// does not come with others' forms (`SameSite=Lax`), it is of the whole host (`Path=/`), and it
    /// stays on https if it was set there (`Secure`). A name that begins with `__Host-` or `__Secure-`
    /// has what browsers ask for (RFC 6265bis 4.1.3).
    ///
    /// # Errors
    ///
    /// Misuse, as of all that changes cookies, if the name is none (RFC 6265 4.1.1: a token), and once the
    /// response's head was given out, which is before a body that is streamed begins: nothing of it could be set.
    pub fn set(&self, cookie: impl Into<Cookie<'static>>) -> Result<(), Error> {
        self.change(cookie.into(), |jar, cookie| jar.add(cookie))
    }

    /// Sets a cookie that clients can read and cannot change.
    ///
    /// # Errors
    ///
    /// As of [`set`](Self::set).
    ///
    /// # Panics
    ///
    /// If there is no [key](super::Cookies::key).
    pub fn set_signed(&self, cookie: impl Into<Cookie<'static>>) -> Result<(), Error> {
        let key = self.key();
        self.change(cookie.into(), |jar, cookie| jar.signed_mut(key).add(cookie))
    }

    /// Sets a cookie that clients can neither read nor change.
    ///
    /// # Errors
    ///
    /// As of [`set`](Self::set).
    ///
    /// # Panics
    ///
    /// If there is no [key](super::Cookies::key).
    pub fn set_private(&self, cookie: impl Into<Cookie<'static>>) -> Result<(), Error> {
        let key = self.key();
        self.change(cookie.into(), |jar, cookie| {
            jar.private_mut(key).add(cookie);
        })
    }

    /// Has the client forget a cookie of the whole host.
    ///
    /// # Errors
    ///
    /// As of [`set`](Self::set).
    pub fn remove(&self, name: impl Into<String>) -> Result<(), Error> {
        let cookie = Cookie::from(name.into());
        self.change(cookie, |jar, cookie| jar.remove(cookie))
    }

    fn change(
        &self,
        cookie: Cookie<'static>,
        change: impl FnOnce(&mut CookieJar, Cookie<'static>),
    ) -> Result<(), Error> {
        if !is_name(cookie.name()) {
            let name = cookie.name();
            return Err(Error::misuse(format!(
                "{name:?} names no cookie: a name is a token (RFC 6265 4.1.1)"
            )));
        }
        let mut state = self.lock();
        if state.closed {
            let text = "a cookie was set after the response's head was given out";
            return Err(Error::misuse(text));
        }
        self.0.personal.change();
        change(&mut state.jar, safe(cookie, self.0.secure));
        Ok(())
    }
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
