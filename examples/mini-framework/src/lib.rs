//! A web framework: a router, extractors, error pages. The guide "Writing a framework" builds it.
#![forbid(unsafe_code)]

use std::str::FromStr;

use rgi_core::field::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use rgi_core::{App, BodyExt, BoxBody, Environ, Error, Full, HeaderValue};
use rgi_core::{StartResponse, Started, StatusCode, media, percent_decode};
use serde::{Serialize, de::DeserializeOwned};

/// A request on its way into a handler's arguments.
pub struct Request {
    /// The request as the server gave it.
    pub environ: Environ,
    /// The parameters of the path that no argument has taken yet.
    params: std::vec::IntoIter<String>,
}

/// What an argument of a handler can be.
pub trait Extract: Sized + Send {
    /// Takes it out of the request.
    fn extract(request: &mut Request) -> impl Future<Output = Result<Self, Error>> + Send;
}

/// The next parameter of the path. One that cannot be read as a `T` names nothing: 404.
pub struct Path<T>(pub T);

impl<T: FromStr + Send> Extract for Path<T> {
    async fn extract(request: &mut Request) -> Result<Path<T>, Error> {
        let param = request.params.next().ok_or_else(not_found)?;
        param.parse().map(Path).map_err(|_| not_found())
    }
}

/// What is at no path.
pub fn not_found() -> Error {
    Error::new("there is no such page").with_status(StatusCode::NOT_FOUND)
}

/// The query, as a form has it.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send> Extract for Query<T> {
    async fn extract(request: &mut Request) -> Result<Query<T>, Error> {
        let query = request.environ.query().unwrap_or_default();
        let value = serde_urlencoded::from_str(query).map(Query);
        value.map_err(Error::malformed)
    }
}

/// JSON: of the request's body, if it is said to be JSON, as an argument; in the response as a result.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + Send> Extract for Json<T> {
    async fn extract(request: &mut Request) -> Result<Json<T>, Error> {
        // What a form of another site's page sends is said to be something else.
        let kind = request.environ.header("content-type").unwrap_or_default();
        let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default();
        let kind = kind.trim_ascii().to_ascii_lowercase();
        if kind != b"application/json" && !kind.ends_with(b"+json") {
            let error = Error::new("this takes application/json");
            return Err(error.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let body = request.environ.input().collect(64 * 1024).await?;
        let value = serde_json::from_slice(&body).map(Json);
        value.map_err(Error::malformed)
    }
}

/// What a handler can answer with.
pub trait Respond {
    /// Makes the response of one that was begun with 200.
    fn respond(self, started: Started) -> Result<Full, Error>;
}

impl Respond for String {
    fn respond(self, started: Started) -> Result<Full, Error> {
        Ok(started.header(CONTENT_TYPE, media::TEXT_PLAIN).full(self))
    }
}

impl<T: Serialize> Respond for Json<T> {
    fn respond(self, started: Started) -> Result<Full, Error> {
        let text = serde_json::to_vec(&self.0)?;
        Ok(started.header(CONTENT_TYPE, media::JSON).full(text))
    }
}

impl<R: Respond> Respond for (StatusCode, R) {
    fn respond(self, mut started: Started) -> Result<Full, Error> {
        started.head_mut().status = self.0;
        self.1.respond(started)
    }
}

/// An async function whose arguments can be extracted and whose result is a response.
pub trait Handler<Args>: Send + Sync + 'static {
    /// Calls it.
    fn handle(&self, request: Request, start_response: StartResponse) -> BoxBody;
}

macro_rules! handler {
    ($($name:ident $Arg:ident)*) => {
        impl<F, T, R, $($Arg),*> Handler<($($Arg,)*)> for F
        where
            F: Fn($($Arg),*) -> T + Clone + Send + Sync + 'static,
            T: Future<Output = Result<R, Error>> + Send + 'static,
            R: Respond,
            $($Arg: Extract + 'static,)*
        {
            fn handle(&self, request: Request, start_response: StartResponse) -> BoxBody {
                let (handler, mut _request) = (self.clone(), request);
                BoxBody::future(async move {
                    $(let $name = $Arg::extract(&mut _request).await?;)*
                    handler($($name),*).await?.respond(start_response.start(StatusCode::OK))
                })
            }
        }
    };
}

handler!();
handler!(a A);
handler!(a A b B);
handler!(a A b B c C);

type Boxed = Box<dyn Fn(Request, StartResponse) -> BoxBody + Send + Sync>;

/// The application: handlers, each for a method and a pattern such as `/notes/{}`.
#[derive(Default)]
pub struct Site(Vec<(&'static str, &'static str, Boxed)>);

impl Site {
    /// Adds a handler for a method and a pattern.
    pub fn on<Args, H>(mut self, method: &'static str, pattern: &'static str, handler: H) -> Site
    where
        H: Handler<Args>,
    {
        let boxed: Boxed = Box::new(move |request, s| handler.handle(request, s));
        self.0.push((method, pattern, boxed));
        self
    }
}

/// The parameters of a path that a pattern matches.
fn params(pattern: &str, path: &str) -> Option<std::vec::IntoIter<String>> {
    let path = if path.is_empty() { "/" } else { path };
    let (mut parts, mut segments) = (pattern.split('/'), path.split('/'));
    let mut params = Vec::new();
    loop {
        match (parts.next(), segments.next()) {
            (None, None) => return Some(params.into_iter()),
            (Some("{}"), Some(segment)) if !segment.is_empty() => {
                params.push(String::from_utf8(percent_decode(segment).into_owned()).ok()?);
            }
            (Some(part), Some(segment)) if part == segment => {}
            _ => return None,
        }
    }
}

impl App for Site {
    type Body = BoxBody;

    fn call(&self, environ: Environ, start_response: StartResponse) -> BoxBody {
        let method = environ.method().as_str();
        let asked = if method == "HEAD" { "GET" } else { method };
        let mut started = start_response.start(StatusCode::NOT_FOUND);
        for (on, pattern, handler) in &self.0 {
            let Some(params) = params(pattern, environ.path_info()) else {
                continue;
            };
            if *on == asked {
                let (start_response, fallback) = started.recall().with_fallback();
                let body = handler(Request { environ, params }, start_response).catch_panics();
                let body = body.recover(fallback, |it, e| page(it.start(e.status(), e)));
                return body.erased();
            }
            let allow = if *on == "GET" { "GET, HEAD" } else { on };
            started = started.header(ALLOW, HeaderValue::from_static(allow));
            started.head_mut().status = StatusCode::METHOD_NOT_ALLOWED;
        }
        page(started).into()
    }
}

/// A page of a status. What went wrong is the client's to know if it did it, and the log's alone if not.
fn page(mut started: Started) -> Full {
    let (code, cause) = (started.head().status, started.head().cause());
    let title = [code.as_str(), code.canonical_reason().unwrap_or("Error")].join(" ");
    let told = cause.filter(|_| code.is_client_error());
    let text = told.map(Error::to_string).unwrap_or_default();
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    if cause.is_some_and(Error::is_overloaded) && started.head().get(&RETRY_AFTER).is_none() {
        started = started.header(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    let html = format!("<!doctype html><title>{title}</title><h1>{title}</h1><p>{text}</p>\n");
    started.header(CONTENT_TYPE, media::TEXT_HTML).full(html)
}
