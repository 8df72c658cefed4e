//! Applications by method and path.
//!
//! ```
//! use rgi_core::{Environ, Error, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::{Router, router::param};
//!
//! fn list(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("everyone")
//! }
//! fn user(environ: Environ, start_response: StartResponse) -> Full {
//!     let id = param(&environ, "id").unwrap_or_default();
//!     start_response.start(StatusCode::OK).full(format!("user {id}"))
//! }
//! fn rename(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::NO_CONTENT).empty()
//! }
//!
//! let users = Router::new()
//!     .get("/", app_fn(list))
//!     .get("/{id}", app_fn(user))
//!     .put("/{id}", app_fn(rename))
//!     .build()?;
//! let client = testing::Client::new(Router::new().mount("/users", users).build()?);
//! assert_eq!(client.get("/users/").send().text(), "everyone");
//! assert_eq!(client.get("/users/J%C3%BCrgen").send().text(), "user Jürgen");
//! assert_eq!(client.get("/people").send().status(), 404);
//! let reply = client.post("/users/7").send();
//! assert_eq!((reply.status(), reply.header("allow")), (405, Some("GET, HEAD, OPTIONS, PUT")));
//! # Ok::<(), Error>(())
//! ```
//!
//! # Patterns
//!
//! | in a pattern | matches |
//! |---|---|
//! | `/users/new` | itself |
//! | `/users/{id}` | one segment of the path that is not empty, as `id` |
//! | `/files/{name}.txt` | a part of a segment; one parameter a segment |
//! | `/files/{*rest}` | all that is left of the path, slashes included, as `rest`; at the end alone |
//!
//! What is written out goes before parameters, whatever the order they are added in. Two patterns of
//! which neither goes before the other are an error of [`build`](Router::build), and so is a second
//! application for a method of a pattern.
//!
//! A pattern is compared with [`path_info`](rgi_core::Environ::path_info), as it was sent: nothing is
//! decoded, no slash is added or left out. An empty one counts as `/`: the root of what is mounted.
//! The values of parameters are decoded ([`Params`]).

mod app;
mod params;
mod patterns;
#[cfg(test)]
mod tests;

use std::fmt;

use http::Method;
use rgi_core::{BoxApp, Error, LocalBoxApp};

pub use app::RouterApp;
pub use params::{Matched, Params, Route, param};

use crate::Holds;

/// Makes an application of many, each for a method and a pattern of paths: [the module](self) says
/// what those are.
///
/// | a request | is answered |
/// |---|---|
/// | whose path no pattern matches | by the [`fallback`](Self::fallback), or 404 |
/// | HEAD, where that has no application | by GET's, which sees the method HEAD; the server leaves the body out (RFC 9110 9.3.2) |
/// | OPTIONS, where that has no application | 204 with Allow (RFC 9110 9.3.7) |
/// | of a method that the pattern has no application for | 405 with Allow (RFC 9110 15.5.6) |
/// | whose path has a parameter that is no UTF-8 when decoded | 400 |
///
/// The type of the applications is erased: into that of threads' ([`new`](Self::new)), or into that of
/// applications that stay on their thread ([`local`](Self::local)). One that finds an application
/// has told it what matched: [`Route`], and [`Params`] if there are any.
pub struct Router<A = BoxApp> {
    entries: Vec<(String, To, A)>,
    fallback: Option<A>,
}

/// What an application is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum To {
    Method(Method),
    AnyMethod,
    AllBelow,
}

impl Router<BoxApp> {
    /// A router of applications that threads can share.
    pub fn new() -> Router<BoxApp> {
        Router::empty()
    }
}

impl Router<LocalBoxApp> {
    /// A router of applications that may stay on their thread, and does, too.
    pub fn local() -> Router<LocalBoxApp> {
        Router::empty()
    }
}

macro_rules! methods {
    ($($name:ident $method:ident $text:literal)*) => { $(
        #[doc = concat!("Adds an application for ", $text, " of the paths of a pattern.")]
        pub fn $name<T>(self, pattern: &str, app: T) -> Router<A>
        where
            A: Holds<T>,
        {
            self.on(Method::$method, pattern, app)
        }
    )* };
}

impl<A> Router<A> {
    fn empty() -> Router<A> {
        Router {
            entries: Vec::new(),
            fallback: None,
        }
    }

    methods! {
        get GET "GET, and HEAD"
        post POST "POST"
        put PUT "PUT"
        patch PATCH "PATCH"
        delete DELETE "DELETE"
    }

    /// Adds an application for one method of the paths of a pattern.
    pub fn on<T>(self, method: Method, pattern: &str, app: T) -> Router<A>
    where
        A: Holds<T>,
    {
        self.add(pattern, To::Method(method), app)
    }

    /// Adds an application for all methods of the paths of a pattern that have none of their own.
    pub fn any<T>(self, pattern: &str, app: T) -> Router<A>
    where
        A: Holds<T>,
    {
        self.add(pattern, To::AnyMethod, app)
    }

    /// Adds an application, such as another router, for all paths that begin with a prefix: the prefix
    /// alone, and the prefix with a slash behind it. What it matched moves from `path_info` to
    /// `script_name`.
    ///
    /// A prefix is a pattern that does not end with a slash; it may have parameters, which the other
    /// router adds its own to. Patterns of this router below the prefix that are more exact go before
    /// it.
    pub fn mount<T>(self, prefix: &str, app: T) -> Router<A>
    where
        A: Holds<T>,
    {
        self.add(prefix, To::AllBelow, app)
    }

    /// Sets the application for all paths that no pattern matches.
    pub fn fallback<T>(mut self, app: T) -> Router<A>
    where
        A: Holds<T>,
    {
        self.fallback = Some(A::hold(app));
        self
    }

    /// Makes the application.
    ///
    /// # Errors
    ///
    /// What is wrong about a pattern, which two conflict, and what would be right.
    pub fn build(self) -> Result<RouterApp<A>, Error> {
        app::build(self)
    }

    fn add<T>(mut self, pattern: &str, to: To, app: T) -> Router<A>
    where
        A: Holds<T>,
    {
        self.entries.push((pattern.to_owned(), to, A::hold(app)));
        self
    }
}

impl Default for Router {
    fn default() -> Router {
        Router::new()
    }
}

impl<A> fmt::Debug for Router<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.entries.iter().map(|(pattern, to, _)| (pattern, to));
        f.debug_list().entries(entries).finish()
    }
}
