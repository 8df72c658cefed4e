//! Keeps values from request to request of a client.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Error, Full, StartResponse, StatusCode, async_fn, testing};
//! use rgi_middleware::Sessions;
//! use rgi_middleware::sessions::{Memory, Session};
//!
//! async fn count(environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
//!     let session = Session::of(&environ).expect("the middleware sets it");
//!     let count: u64 = session.get("count").map_or(Ok(0), |count| count.parse())?;
//!     session.set("count", (count + 1).to_string())?;
//!     Ok(start_response.start(StatusCode::OK).full(count.to_string()))
//! }
//!
//! let sessions = Sessions::new(Memory::new(10_000));
//! let client = testing::Client::new(async_fn(count).with(sessions));
//! let first = client.get("/").send();
//! let cookie = first.header("set-cookie").and_then(|it| it.split(';').next()).expect("one");
//! let second = client.get("/").header("cookie", cookie).send();
//! assert_eq!((first.text().as_str(), second.text().as_str()), ("0", "1"));
//! ```

mod body;
mod memory;
mod session;
#[cfg(feature = "sessions-sqlite")]
mod sqlite;
mod store;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rgi_core::{App, Environ, Middleware, Next, Scheme, StartResponse};

pub use crate::cookies::Key;
use crate::cookies::{self, Cookie};
pub use body::SessionsBody;
pub use memory::Memory;
pub use session::Session;
#[cfg(feature = "sessions-sqlite")]
pub use sqlite::Sqlite;
pub use store::{Id, Record, Step, Store};

/// Gives each client a session: values that the application finds again with the client's next request
/// ([`Session`]).
///
/// They are kept in a [`Store`] (in [memory](Memory); in a file, by the feature `sessions-sqlite`), under an id of 256 random bits that is the client's cookie; or all in
/// the cookie, encrypted, up to about 3 KiB, which needs no store, is seen by all processes, and cannot
/// be taken back before it ends.
///
/// A session that ended, or got another id, while a slow request was under way stays as it is: what that
/// request changed is dropped, and its response carries no cookie. Not so in the cookie, where nobody knows
/// that it ended: the cookie of the response that comes last is the session.
///
/// The cookie is `HttpOnly`, `SameSite=Lax` and of the whole host; over https it is `Secure` and its name
/// begins with `__Host-`. A client gets one when the application sets a value. It ends when nothing was
/// asked for so long as it lives, 14 days: it is renewed once a quarter of that is over. Responses that a
/// session was looked at for say `vary: cookie`. Those that set a cookie say `cache-control: no-store`,
/// unless the application has them `private`; what it lets others keep renews none.
#[derive(Clone)]
pub struct Sessions(Arc<Settings>);

struct Settings {
    place: Place,
    name: String,
    lifetime: Duration,
}

#[derive(Clone)]
enum Place {
    Cookie(Key),
    Store(Arc<dyn Store>),
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nothing of the key.
        f.debug_struct("Sessions")
            .field("name", &self.0.name)
            .field("lifetime", &self.0.lifetime)
            .finish_non_exhaustive()
    }
}

impl Sessions {
    /// Keeps sessions in a store.
    pub fn new(store: impl Store + 'static) -> Sessions {
        Sessions::at(Place::Store(Arc::new(store)))
    }

    /// Keeps sessions in the cookie itself, encrypted with a key: the same in all processes.
    pub fn in_cookie(key: Key) -> Sessions {
        Sessions::at(Place::Cookie(key))
    }

    fn at(place: Place) -> Sessions {
        Sessions(Arc::new(Settings {
            place,
            name: "session".to_owned(),
            lifetime: Duration::from_secs(14 * 24 * 60 * 60),
        }))
    }

    fn edit(self, edit: impl FnOnce(&mut Settings)) -> Sessions {
        let mut settings = Settings {
            place: self.0.place.clone(),
            name: self.0.name.clone(),
            lifetime: self.0.lifetime,
        };
        edit(&mut settings);
        Sessions(Arc::new(settings))
    }

    /// Names the cookie, without `__Host-`.
    ///
    /// # Panics
    ///
    /// If it is no token (RFC 6265 4.1.1).
    pub fn name(self, name: impl Into<String>) -> Sessions {
        let name = name.into();
        assert!(cookies::is_name(&name), "{name:?} names no cookie");
        self.edit(|it| it.name = name)
    }

    /// How long a session lives that nobody asks for.
    pub fn lifetime(self, lifetime: Duration) -> Sessions {
        self.edit(|it| it.lifetime = lifetime)
    }
}

impl Settings {
    fn cookie_name(&self, secure: bool) -> String {
        match secure {
            true => format!("__Host-{}", self.name),
            false => self.name.clone(),
        }
    }
}

impl<A: App> Middleware<A> for Sessions {
    type App = SessionsApp<A>;

    fn wrap(&self, inner: A) -> SessionsApp<A> {
        SessionsApp {
            inner: Next::new(inner),
            settings: self.0.clone(),
        }
    }
}

/// An application whose clients have sessions.
pub struct SessionsApp<A> {
    inner: Next<A>,
    settings: Arc<Settings>,
}

impl<A> Clone for SessionsApp<A> {
    fn clone(&self) -> SessionsApp<A> {
        SessionsApp {
            inner: self.inner.clone(),
            settings: self.settings.clone(),
        }
    }
}

impl<A> fmt::Debug for SessionsApp<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionsApp").finish_non_exhaustive()
    }
}

impl<A: App> App for SessionsApp<A> {
    type Body = SessionsBody<A>;

    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let secure = environ.scheme() == Scheme::Https;
        let jar = cookies::read(environ.headers());
        let name = self.settings.cookie_name(secure);
        let loading = match &self.settings.place {
            Place::Cookie(key) => {
                let cookie = jar.private(key).get(&name);
                let record = cookie.and_then(|cookie| Record::of_cookie(cookie.value()));
                record.map(|record| (None, Step::ready(Ok(Some(record)))))
            }
            Place::Store(store) => {
                let id = jar.get(&name).and_then(|cookie| Id::parse(cookie.value()));
                id.map(|id| {
                    let step = store.load(&id);
                    (Some(id), step)
                })
            }
        };
        let cookie = Cookie::from(name);
        SessionsBody::new(
            self.inner.clone(),
            (environ, start_response),
            loading,
            body::Keep {
                settings: self.settings.clone(),
                cookie: cookies::safe(cookie, secure),
            },
        )
    }
}
