//! Says whether a program lives, and whether it is ready for requests.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Error, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::Health;
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("hi")
//! }
//!
//! let health = Health::new().check("database", async || Err(Error::new("no connection")));
//! let client = testing::Client::new(app_fn(hello).with(health));
//! assert_eq!(client.get("/livez").send().status(), 200);
//! let reply = client.get("/readyz").send();
//! assert_eq!((reply.status(), reply.text().as_str()), (503, "not ready: database\n"));
//! assert_eq!(client.get("/").send().text(), "hi");
//!
//! let client = testing::Client::new(app_fn(hello).with(Health::new())).stopping();
//! assert_eq!(client.get("/readyz").send().text(), "not ready: stopping\n");
//! ```

mod checks;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Method, StatusCode};
use rgi_core::{
    App, BoxBody, Either, Environ, Error, Full, Middleware, StartResponse, field, media,
};

use checks::Checks;

/// Answers at two paths of its own, to GET and HEAD; all else is the application's.
///
/// | path | answer |
/// |---|---|
/// | `/livez` | 200: whoever answers lives |
/// | `/readyz` | 200; 503 while the server stops, or if a [check](Self::check) fails |
///
/// A supervisor starts anew what does not live, and gives requests to what is ready: so a check of
/// something that the program only uses belongs to the second alone.
///
/// A server that was told to stop takes no new connections, and answers requests on those that are
/// open until they end: these see the 503 ([`Environ::is_stopping`]).
///
/// Answers are in plain text and name what is not ready; why a check failed is for the server's log.
#[derive(Clone)]
pub struct Health(Arc<Settings>);

#[derive(Clone)]
struct Settings {
    live: String,
    ready: String,
    checks: Checks,
}

impl Health {
    /// Answers at `/livez` and `/readyz`, without checks.
    pub fn new() -> Health {
        Health(Arc::new(Settings {
            live: "/livez".to_owned(),
            ready: "/readyz".to_owned(),
            checks: Checks::new(Duration::from_secs(1)),
        }))
    }

    /// Says at another path that the program lives. Paths are compared with `path_info`, as it was
    /// sent.
    pub fn live(mut self, path: &str) -> Health {
        path.clone_into(&mut Arc::make_mut(&mut self.0).live);
        self
    }

    /// Says at another path whether it is ready.
    pub fn ready(mut self, path: &str) -> Health {
        path.clone_into(&mut Arc::make_mut(&mut self.0).ready);
        self
    }

    /// Makes readiness depend on a check: it fails if it ends in an error, or not in time. Checks run
    /// one behind the other, for each request; one that costs much keeps its last result.
    ///
    /// A check must not block, as no asynchronous function.
    pub fn check<F, T>(mut self, name: &'static str, check: F) -> Health
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = Result<(), Error>> + Send + 'static,
    {
        Arc::make_mut(&mut self.0).checks.add(name, check);
        self
    }

    /// Gives all checks together so much time. Without this it is a second.
    pub fn timeout(mut self, time: Duration) -> Health {
        Arc::make_mut(&mut self.0).checks.time = time;
        self
    }
}

impl Default for Health {
    fn default() -> Health {
        Health::new()
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health")
            .field("live", &self.0.live)
            .field("ready", &self.0.ready)
            .field("checks", &self.0.checks)
            .finish()
    }
}

impl<A: App> Middleware<A> for Health {
    type App = HealthApp<A>;

    fn wrap(&self, inner: A) -> HealthApp<A> {
        HealthApp {
            inner,
            settings: self.clone(),
        }
    }
}

/// An application that says how it is.
#[derive(Clone, Debug)]
pub struct HealthApp<A> {
    inner: A,
    settings: Health,
}

impl<A: App> App for HealthApp<A> {
    type Body = Either<A::Body, BoxBody>;

    #[inline]
    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let Settings {
            live,
            ready,
            checks,
        } = &*self.settings.0;
        let path = environ.path_info();
        let (is_live, is_ready) = (path == live, path == ready);
        if !is_live && !is_ready || !matches!(*environ.method(), Method::GET | Method::HEAD) {
            return Either::left(self.inner.call(environ, start_response));
        }
        Either::right(match () {
            () if is_live || !environ.is_stopping() && checks.is_empty() => {
                good(start_response).into()
            }
            () if environ.is_stopping() => bad(start_response, "stopping").into(),
            () => {
                let results = checks.clone().run(environ);
                BoxBody::future(async move {
                    Ok(match results.await {
                        None => good(start_response),
                        Some(failed) => bad(start_response, &failed),
                    })
                })
            }
        })
    }
}

fn good(start_response: StartResponse) -> Full {
    answer(start_response, StatusCode::OK, "ok\n".to_owned())
}

fn bad(start_response: StartResponse, what: &str) -> Full {
    let text = format!("not ready: {what}\n");
    answer(start_response, StatusCode::SERVICE_UNAVAILABLE, text)
}

/// An answer for now, and no cache's to keep.
fn answer(start_response: StartResponse, status: StatusCode, text: String) -> Full {
    let started = start_response.start(status);
    let started = started.header(field::CONTENT_TYPE, media::TEXT_PLAIN);
    let no_store = HeaderValue::from_static("no-store");
    started.header(field::CACHE_CONTROL, no_store).full(text)
}
