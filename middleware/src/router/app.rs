//! The application that finds another.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode};
use rgi_core::{App, BoxApp, Environ, Error, Full, StartResponse, field, percent_decode};

use super::params::{Params, Route};
use super::{Router, To, patterns};
use crate::answers;

/// What [`Router::build`] makes.
pub struct RouterApp<A = BoxApp> {
    /// Each path's place.
    paths: matchit::Router<usize>,
    places: Vec<Place<A>>,
    fallback: Option<A>,
}

/// What a pattern is for.
struct Place<A> {
    pattern: Arc<str>,
    names: Vec<Arc<str>>,
    apps: Apps<A>,
}

enum Apps<A> {
    ByMethod(Methods<A>),
    AllBelow(A),
}

struct Methods<A> {
    on: Vec<(Method, A)>,
    any: Option<A>,
    allow: HeaderValue,
}

pub(super) fn build<A>(router: Router<A>) -> Result<RouterApp<A>, Error> {
    let mut app = RouterApp {
        paths: matchit::Router::new(),
        places: Vec::new(),
        fallback: router.fallback,
    };
    let mut known: HashMap<String, usize> = HashMap::new();
    for (pattern, to, held) in router.entries {
        patterns::check(&pattern, to == To::AllBelow)?;
        let at = match known.get(&pattern).filter(|_| to != To::AllBelow) {
            Some(at) => *at,
            None => {
                let apps = match to {
                    To::AllBelow => {
                        app.insert(&patterns::below(&pattern), &pattern, Apps::AllBelow(held))?;
                        continue;
                    }
                    _ => Apps::ByMethod(Methods::new()),
                };
                app.insert(std::slice::from_ref(&pattern), &pattern, apps)?
            }
        };
        if let Apps::ByMethod(methods) = &mut app.places[at].apps {
            methods.add(&pattern, to, held)?;
        }
        known.insert(pattern, at);
    }
    for place in &mut app.places {
        if let Apps::ByMethod(methods) = &mut place.apps {
            methods.allow = methods.allowed()?;
        }
    }
    Ok(app)
}

impl<A> Methods<A> {
    fn new() -> Methods<A> {
        Methods {
            on: Vec::new(),
            any: None,
            allow: HeaderValue::from_static(""),
        }
    }

    fn add(&mut self, pattern: &str, to: To, app: A) -> Result<(), Error> {
        let twice = |what: &str| {
            let text = format!("the pattern `{pattern}` has two applications for {what}");
            Err(Error::new(text))
        };
        match to {
            To::Method(method) if self.get(&method).is_some() => twice(method.as_str()),
            To::Method(method) => {
                self.on.push((method, app));
                Ok(())
            }
            _ if self.any.is_some() => twice("any method"),
            _ => {
                self.any = Some(app);
                Ok(())
            }
        }
    }

    fn get(&self, method: &Method) -> Option<&A> {
        let found = self.on.iter().find(|(known, _)| known == method);
        found.map(|(_, app)| app)
    }

    /// RFC 9110 9.3.2: HEAD is answered as GET is.
    fn find(&self, method: &Method) -> Option<&A> {
        let head = || match *method {
            Method::HEAD => self.get(&Method::GET),
            _ => None,
        };
        self.get(method).or_else(head).or(self.any.as_ref())
    }

    /// What Allow says (RFC 9110 10.2.1).
    fn allowed(&self) -> Result<HeaderValue, Error> {
        let mut names: Vec<&str> = self.on.iter().map(|(name, _)| name.as_str()).collect();
        if names.contains(&"GET") {
            names.push("HEAD");
        }
        names.push("OPTIONS");
        names.sort_unstable();
        names.dedup();
        Ok(HeaderValue::try_from(names.join(", "))?)
    }

    fn refuse(&self, method: &Method, start_response: StartResponse) -> Full {
        let allow = self.allow.clone();
        if *method == Method::OPTIONS {
            let started = start_response.start(StatusCode::NO_CONTENT);
            return started.header(field::ALLOW, allow).empty();
        }
        let (started, text) = answers::start(start_response, StatusCode::METHOD_NOT_ALLOWED);
        started.header(field::ALLOW, allow).full(text)
    }
}

impl<A> RouterApp<A> {
    /// Adds a place for what `patterns` match.
    fn insert(
        &mut self,
        patterns: &[String],
        pattern: &str,
        apps: Apps<A>,
    ) -> Result<usize, Error> {
        let at = self.places.len();
        for path in patterns {
            let inserted = self.paths.insert(path, at);
            inserted.map_err(|error| patterns::refused(pattern, error))?;
        }
        self.places.push(Place {
            pattern: pattern.into(),
            names: patterns::names(pattern),
            apps,
        });
        Ok(at)
    }

    /// The place of a path, the values of its parameters, and how much of the path is its prefix.
    fn find(&self, environ: &Environ) -> Option<(&Place<A>, Option<Params>, usize)> {
        let path = path(environ);
        let found = self.paths.at(path).ok()?;
        let place = &self.places[*found.value];
        let values = found.params.iter().map(|(_, value)| value);
        let decoded = place.names.iter().zip(values).map(|(name, value)| {
            let value = String::from_utf8(percent_decode(value).into_owned());
            Some((name.clone(), value.ok()?))
        });
        let params = decoded.collect::<Option<Params>>();
        let rest = match found.params.iter().nth(place.names.len()) {
            Some((_, rest)) => rest.len() + 1,
            None => usize::from(path.ends_with('/')),
        };
        Some((place, params, path.len() - rest))
    }
}

/// What patterns are compared with. A target without a path has nothing that is.
fn path(environ: &Environ) -> &str {
    match environ.path_info() {
        "" if environ.target() == "*" || *environ.method() == Method::CONNECT => "",
        "" => "/",
        path => path,
    }
}

impl<A: App<Body: From<Full>>> App for RouterApp<A> {
    type Body = A::Body;

    fn call(&self, mut environ: Environ, start_response: StartResponse) -> A::Body {
        let Some((place, params, prefix)) = self.find(&environ) else {
            return self.not_found(environ, start_response);
        };
        let Some(params) = params else {
            return answers::plain(start_response, StatusCode::BAD_REQUEST).into();
        };
        match &place.apps {
            Apps::AllBelow(app) => {
                let prefix = match place.names.is_empty() {
                    true => Cow::Borrowed(&*place.pattern),
                    false => Cow::Owned(environ.path_info()[..prefix].to_owned()),
                };
                Route::tell(&mut environ, &place.pattern, Some(&prefix));
                params.tell(&mut environ);
                app.call(environ, start_response)
            }
            Apps::ByMethod(methods) => {
                Route::tell(&mut environ, &place.pattern, None);
                params.tell(&mut environ);
                match methods.find(environ.method()) {
                    Some(app) => app.call(environ, start_response),
                    None => methods.refuse(environ.method(), start_response).into(),
                }
            }
        }
    }
}

impl<A: App<Body: From<Full>>> RouterApp<A> {
    fn not_found(&self, environ: Environ, start_response: StartResponse) -> A::Body {
        match &self.fallback {
            Some(app) => app.call(environ, start_response),
            // Of the server as a whole: it is there (RFC 9110 9.3.7).
            None if environ.target() == "*" => {
                start_response.start(StatusCode::NO_CONTENT).empty().into()
            }
            None => answers::plain(start_response, StatusCode::NOT_FOUND).into(),
        }
    }
}

impl<A> fmt::Debug for RouterApp<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns = self.places.iter().map(|place| &place.pattern);
        f.debug_list().entries(patterns).finish()
    }
}
