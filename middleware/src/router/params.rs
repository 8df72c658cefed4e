//! What a router tells of a request.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rgi_core::Environ;

/// The parameters of the patterns that matched, in the environ's extensions; not there if the patterns
/// have none. See [`param`] for one of them.
///
/// A value is percent-decoded once (RFC 3986 2.1), so that it may have a slash, also that of one
/// segment: `/files/{name}` matches `/files/a%2Fb` with the value `a/b`. A `+` stays one. Values are
/// UTF-8: what is not is answered 400. They are what a client likes, `..` included: who makes the name
/// of a file of one looks at it first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(Arc<str>, String)>);

impl Params {
    /// The value of a parameter; of two of a name the inner router's.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().rev();
        let (_, value) = values.find(|(known, _)| **known == *name)?;
        Some(value)
    }

    /// Names and values, in the order of the path.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Adds these to what routers around this one have told.
    pub(super) fn tell(self, environ: &mut Environ) {
        if self.0.is_empty() {
            return;
        }
        match environ.extensions_mut().get_mut::<Params>() {
            Some(params) => params.0.extend(self.0),
            None => drop(environ.extensions_mut().insert(self)),
        }
    }
}

impl FromIterator<(Arc<str>, String)> for Params {
    fn from_iter<T: IntoIterator<Item = (Arc<str>, String)>>(values: T) -> Params {
        Params(values.into_iter().collect())
    }
}

/// The value of a parameter of the pattern that matched: [`Params::get`] of the environ's.
pub fn param<'a>(environ: &'a Environ, name: &str) -> Option<&'a str> {
    environ.extensions().get::<Params>()?.get(name)
}

/// The pattern that matched, in the environ's extensions: what requests are counted by, since there
/// are as many of them as a program has, and not as many as clients ask for.
///
/// Of a router inside of another one it is the pattern of both. Who is called by a mount has its
/// prefix, until a router finds more.
#[derive(Clone, Debug)]
pub struct Route {
    pattern: Arc<str>,
    /// Where `path_info` begins for whoever is mounted.
    mounted: Option<usize>,
}

impl Route {
    /// The pattern, such as `/users/{id}`.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// What a router has found. `mounts`: it has moved what matched to `script_name`.
    pub(super) fn tell(environ: &mut Environ, pattern: &Arc<str>, mounts: Option<&str>) {
        let here = Some(environ.script_name().len());
        let outer = environ.extensions().get::<Route>();
        let pattern = match outer.filter(|outer| outer.mounted == here) {
            Some(outer) => format!("{}{pattern}", outer.pattern).into(),
            None => pattern.clone(),
        };
        if let Some(prefix) = mounts {
            environ.mount(prefix);
        }
        let mounted = mounts.map(|_| environ.script_name().len());
        let route = Route { pattern, mounted };
        if let Some(matched) = environ.extensions().get::<Matched>() {
            *matched.lock() = Some(route.clone());
        }
        environ.extensions_mut().insert(route);
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pattern)
    }
}

/// What a middleware outside of all routers sees of them: the [`Route`], when one was found.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use rgi_core::{AppExt, Error, StartResponse, StatusCode, app_fn, testing};
/// use rgi_middleware::{Router, router::Matched};
///
/// let app = app_fn(|_, start_response: StartResponse| start_response.start(StatusCode::OK).empty());
/// let app = Router::new().get("/users/{id}", app).build()?;
/// let seen = Arc::new(Mutex::new(String::new()));
/// let count = seen.clone();
/// let app = app.around(move |inner, mut environ, start_response| {
///     let (matched, count) = (Matched::watch(&mut environ), count.clone());
///     environ.on_finish(move |_| {
///         let route = matched.route();
///         *count.lock().unwrap() = route.map_or("none".into(), |route| route.to_string());
///     });
///     inner.call(environ, start_response)
/// });
/// # use rgi_core::App;
/// testing::Client::new(app).get("/users/7").send();
/// assert_eq!(*seen.lock().unwrap(), "/users/{id}");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Matched(Arc<Mutex<Option<Route>>>);

impl Matched {
    /// Has routers say what they find, to all who watch.
    pub fn watch(environ: &mut Environ) -> Matched {
        if let Some(matched) = environ.extensions().get::<Matched>() {
            return matched.clone();
        }
        let matched = Matched::default();
        environ.extensions_mut().insert(matched.clone());
        matched
    }

    /// What was found so far.
    pub fn route(&self) -> Option<Route> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Route>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
