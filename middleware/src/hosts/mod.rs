//! Applications by the host that was asked for.
//!
//! ```
//! use rgi_core::{App, Error, Full, HeaderMap, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::Hosts;
//!
//! # fn site(name: &'static str) -> impl App<Body = Full> + Send + Sync {
//! #     app_fn(move |_, start_response: StartResponse| start_response.start(StatusCode::OK).full(name))
//! # }
//! let app = Hosts::new()
//!     .host("example.org", site("the shop"))
//!     .host("*.example.org", site("a customer's"))
//!     .build()?;
//! let client = testing::Client::new(app);
//! let ask = |host: &str| {
//!     let host = (http::header::HOST, host.parse().unwrap());
//!     client.get("/").headers(HeaderMap::from_iter([host])).send()
//! };
//! assert_eq!(ask("Example.org:8080").text(), "the shop");
//! assert_eq!(ask("anna.example.org").text(), "a customer's");
//! assert_eq!(ask("example.com").status(), 421);
//! # Ok::<(), Error>(())
//! ```

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use http::StatusCode;
use rgi_core::{App, BoxApp, Environ, Error, Full, LocalBoxApp, StartResponse};

use crate::{Holds, answers};

/// Makes an application of many, each for a host (RFC 9110 7.2): what the Host field says, in its place
/// HTTP/2's `:authority`, or the authority of a target that has one.
///
/// Names are compared without case; a port, and a dot at the end, do not count. `*.example.org` stands
/// for all names below `example.org`, and not for that itself. A name goes before a `*`, and of two
/// with one the longer. Other hosts, and requests that name none, go to the
/// [`fallback`](Self::fallback), or are answered 421 (RFC 9110 15.5.20).
///
/// A client can name any host: this is no fence between applications.
pub struct Hosts<A = BoxApp> {
    entries: Vec<(String, A)>,
    fallback: Option<A>,
}

impl Hosts<BoxApp> {
    /// Hosts of applications that threads can share.
    pub fn new() -> Hosts<BoxApp> {
        Hosts::empty()
    }
}

impl Hosts<LocalBoxApp> {
    /// Hosts of applications that may stay on their thread, as they do, too.
    pub fn local() -> Hosts<LocalBoxApp> {
        Hosts::empty()
    }
}

impl<A> Hosts<A> {
    fn empty() -> Hosts<A> {
        Hosts {
            entries: Vec::new(),
            fallback: None,
        }
    }

    /// Adds an application for a host: a name, an address (`[::1]` in brackets), or `*.` and a name.
    pub fn host<T>(mut self, host: &str, app: T) -> Hosts<A>
    where
        A: Holds<T>,
    {
        self.entries.push((host.to_owned(), A::hold(app)));
        self
    }

    /// Sets the application for all other hosts.
    pub fn fallback<T>(mut self, app: T) -> Hosts<A>
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
    /// Which host has two applications, or is none, and what would be right.
    pub fn build(self) -> Result<HostsApp<A>, Error> {
        let mut app = HostsApp {
            hosts: HashMap::new(),
            fallback: self.fallback,
        };
        for (host, held) in self.entries {
            let name = host.strip_prefix("*.").unwrap_or(&host);
            if name.is_empty() || name.contains(['*', '/', '@']) || name != bare(name) {
                return Err(Error::new(format!(
                    "`{host}` is no host: write `example.org`, `*.example.org` or `[::1]`, without \
                     a scheme or a port"
                )));
            }
            let twice = format!("the host `{host}` has two applications");
            let key = host.to_ascii_lowercase().trim_start_matches('*').into();
            if app.hosts.insert(key, held).is_some() {
                return Err(Error::new(twice));
            }
        }
        Ok(app)
    }
}

impl Default for Hosts {
    fn default() -> Hosts {
        Hosts::new()
    }
}

impl<A> fmt::Debug for Hosts<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.entries.iter().map(|(host, _)| host);
        f.debug_list().entries(hosts).finish()
    }
}

/// What [`Hosts::build`] makes.
pub struct HostsApp<A = BoxApp> {
    /// By names in lower case; those below a name begin with a dot.
    hosts: HashMap<Box<str>, A>,
    fallback: Option<A>,
}

impl<A> HostsApp<A> {
    fn find(&self, host: &str) -> Option<&A> {
        let host = bare(host);
        let host = match host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(host.to_ascii_lowercase()),
            false => Cow::Borrowed(host),
        };
        // A name that begins with a dot is none, and would be found as what is below another.
        let exact = self.hosts.get(&*host).filter(|_| !host.starts_with('.'));
        let below = || {
            let dots = host.match_indices('.').filter(|(at, _)| *at > 0);
            let mut names = dots.map(|(at, _)| &host[at..]);
            names.find_map(|name| self.hosts.get(name))
        };
        exact.or_else(below)
    }
}

/// A host without its port, and without the dot of the root.
fn bare(host: &str) -> &str {
    let end = match host.starts_with('[') {
        true => host.find(']').map_or(host.len(), |at| at + 1),
        false => host.find(':').unwrap_or(host.len()),
    };
    let name = &host[..end];
    name.strip_suffix('.').unwrap_or(name)
}

impl<A: App<Body: From<Full>>> App for HostsApp<A> {
    type Body = A::Body;

    fn call(&self, environ: Environ, start_response: StartResponse) -> A::Body {
        let host = environ.header("host").unwrap_or_default();
        let found = std::str::from_utf8(host).ok();
        let found = found.and_then(|host| self.find(host));
        match found.or(self.fallback.as_ref()) {
            Some(app) => app.call(environ, start_response),
            None => answers::plain(start_response, StatusCode::MISDIRECTED_REQUEST).into(),
        }
    }
}

impl<A> fmt::Debug for HostsApp<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.hosts.keys()).finish()
    }
}
