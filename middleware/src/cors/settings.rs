//! Who may ask, what, and how.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCESS_CONTROL_REQUEST_HEADERS, ORIGIN};
use http::{HeaderName, HeaderValue, Method};
use rgi_core::{Environ, Head, field};

/// Lets pages of other origins read responses, and answers their preflight requests (204) without a call
/// of the application.
///
/// Whoever is not allowed gets the response without the fields, and the browser keeps it from the page:
/// this guards users' data in browsers, and refuses no request.
#[derive(Clone, Debug)]
pub struct Cors(Arc<Settings>);

#[derive(Clone, Debug)]
pub(super) struct Settings {
    origins: Origins,
    credentials: bool,
    methods: HeaderValue,
    headers: Option<HeaderValue>,
    exposed: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
}

#[derive(Clone)]
enum Origins {
    Any,
    List(Vec<HeaderValue>),
    Predicate(Arc<Predicate>),
}

type Predicate = dyn Fn(&HeaderValue, &Environ) -> bool + Send + Sync;

impl Cors {
    /// Lets every origin ask.
    pub fn any() -> Cors {
        Cors::of(Origins::Any)
    }

    /// Lets these origins ask, each as browsers write it: `https://shop.example`, without a path, with a
    /// port where it is not the scheme's.
    ///
    /// # Panics
    ///
    /// If one is no header value.
    pub fn origins<'a>(origins: impl IntoIterator<Item = &'a str>) -> Cors {
        let value = |text: &str| HeaderValue::from_str(text).expect("an origin");
        Cors::of(Origins::List(origins.into_iter().map(value).collect()))
    }

    /// Lets the origins ask of which a function says so.
    pub fn when(f: impl Fn(&HeaderValue, &Environ) -> bool + Send + Sync + 'static) -> Cors {
        Cors::of(Origins::Predicate(Arc::new(f)))
    }

    fn of(origins: Origins) -> Cors {
        Cors(Arc::new(Settings {
            origins,
            credentials: false,
            methods: HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE"),
            headers: None,
            exposed: None,
            max_age: None,
        }))
    }

    fn change(mut self, f: impl FnOnce(&mut Settings)) -> Cors {
        f(Arc::make_mut(&mut self.0));
        self
    }

    /// Lets pages send cookies and other credentials. Each origin that is allowed acts for its users then:
    /// with [`any`](Self::any), that is everybody.
    pub fn credentials(self) -> Cors {
        self.change(|settings| settings.credentials = true)
    }

    /// Allows these methods instead of GET, HEAD, POST, PUT, PATCH and DELETE.
    pub fn methods(self, methods: impl IntoIterator<Item = Method>) -> Cors {
        let methods = list(methods.into_iter().map(|method| method.to_string()));
        self.change(|settings| settings.methods = methods)
    }

    /// Allows these request fields, instead of those that the preflight asks for.
    pub fn headers(self, names: impl IntoIterator<Item = HeaderName>) -> Cors {
        let names = list(names.into_iter().map(|name| name.to_string()));
        self.change(|settings| settings.headers = Some(names))
    }

    /// Lets pages read these response fields, beside the few that they may always read.
    pub fn expose(self, names: impl IntoIterator<Item = HeaderName>) -> Cors {
        let names = list(names.into_iter().map(|name| name.to_string()));
        self.change(|settings| settings.exposed = Some(names))
    }

    /// Lets browsers keep the answer to a preflight for so long, in whole seconds; theirs is five.
    pub fn max_age(self, time: Duration) -> Cors {
        let seconds = HeaderValue::from(time.as_secs());
        self.change(|settings| settings.max_age = Some(seconds))
    }

    pub(super) fn shared(&self) -> Arc<Settings> {
        self.0.clone()
    }
}

fn list(items: impl Iterator<Item = String>) -> HeaderValue {
    let text = items.collect::<Vec<_>>().join(", ");
    HeaderValue::try_from(text).expect("tokens and commas")
}

impl Settings {
    /// What is said to the request's origin, if it is allowed. With credentials a star means nothing.
    pub(super) fn answer_to(&self, environ: &Environ) -> Option<HeaderValue> {
        if matches!(self.origins, Origins::Any) && !self.credentials {
            return Some(HeaderValue::from_static("*"));
        }
        let origin = environ.header(ORIGIN.as_str())?;
        let origin = HeaderValue::from_bytes(origin).ok()?;
        let allowed = match &self.origins {
            Origins::Any => true,
            Origins::List(list) => list.contains(&origin),
            Origins::Predicate(allows) => allows(&origin, environ),
        };
        allowed.then_some(origin)
    }

    pub(super) fn allow(&self, head: &mut Head, origin: Option<HeaderValue>) {
        // Also where it is not allowed: a cache would give that to one that is.
        if !matches!(self.origins, Origins::Any) || self.credentials {
            head.append(field::VARY, HeaderValue::from_static("origin"));
        }
        let Some(origin) = origin else {
            return;
        };
        head.append(field::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if self.credentials {
            let yes = HeaderValue::from_static("true");
            head.append(field::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        }
    }

    pub(super) fn expose(&self, head: &mut Head) {
        let allowed = head.get(&field::ACCESS_CONTROL_ALLOW_ORIGIN).is_some();
        if let Some(exposed) = self.exposed.clone().filter(|_| allowed) {
            head.insert(field::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }

    /// The rest of what a preflight is told.
    pub(super) fn describe(&self, head: &mut Head, environ: &Environ, allowed: bool) {
        if self.headers.is_none() {
            let asked = HeaderValue::from_static("access-control-request-headers");
            head.append(field::VARY, asked);
        }
        if !allowed {
            return;
        }
        head.append(field::ACCESS_CONTROL_ALLOW_METHODS, self.methods.clone());
        let asked = || {
            let asked = environ.header(ACCESS_CONTROL_REQUEST_HEADERS.as_str())?;
            HeaderValue::from_bytes(asked).ok()
        };
        if let Some(headers) = self.headers.clone().or_else(asked) {
            head.append(field::ACCESS_CONTROL_ALLOW_HEADERS, headers);
        }
        if let Some(max_age) = self.max_age.clone() {
            head.append(field::ACCESS_CONTROL_MAX_AGE, max_age);
        }
    }
}

impl fmt::Debug for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origins::Any => f.write_str("Any"),
            Origins::List(list) => f.debug_tuple("List").field(list).finish(),
            Origins::Predicate(_) => f.write_str("Predicate"),
        }
    }
}
