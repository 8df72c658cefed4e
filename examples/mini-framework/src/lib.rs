//! A web framework: a router, extractors, error pages. The guide "Writing a framework" builds it.
#![forbid(unsafe_code)]

use std::str::FromStr;

use rgi_core::field::{ALLOW, CONTENT_TYPE};
use rgi_core::{App, BodyExt, BoxBody, Environ, Error, Fallback, Full, HeaderValue};
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

/// JSON: of the request's body as an argument, in the response as a result.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + Send> Extract for Json<T> {
    async fn extract(request: &mut Request) -> Result<Json<T>, Error> {
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
fn params(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut parts, mut segments) = (pattern.split('/'), path.split('/'));
    let mut params = Vec::new();
    loop {
        match (parts.next(), segments.next()) {
            (None, None) => return Some(params),
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
        let asked = match environ.method().as_str() {
            "HEAD" => "GET",
            method => method,
        };
        let mut allow = Vec::new();
        for (method, pattern, handler) in &self.0 {
            let Some(params) = params(pattern, environ.path_info()) else {
                continue;
            };
            if *method == asked {
                let (start_response, fallback) = start_response.with_fallback();
                let params = params.into_iter();
                let body = handler(Request { environ, params }, start_response);
                let body = body.catch_panics().recover(fallback, error_page);
                return body.erased();
            }
            allow.push(HeaderValue::from_static(method));
        }
        let mut started = start_response.start(match allow.is_empty() {
            true => StatusCode::NOT_FOUND,
            false => StatusCode::METHOD_NOT_ALLOWED,
        });
        for method in allow {
            started = started.header(ALLOW, method);
        }
        page(started, "").into()
    }
}

/// What went wrong is the client's to know if it did it, and the log's alone if not.
fn error_page(fallback: Fallback, error: Error) -> Full {
    let told = Some(&error).filter(|error| error.status().is_client_error());
    let text = told.map(Error::to_string).unwrap_or_default();
    page(fallback.start(error.status(), error), &text)
}

/// A page of a status and a text.
fn page(started: Started, text: &str) -> Full {
    let title = started.head().status.to_string();
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let html = format!("<!doctype html><title>{title}</title><h1>{title}</h1><p>{text}</p>\n");
    started.header(CONTENT_TYPE, media::TEXT_HTML).full(html)
}
