//! Lets pages of other origins ask: the CORS protocol of the [Fetch standard](https://fetch.spec.whatwg.org/#http-cors-protocol).
//!
//! ```
//! use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::Cors;
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("hi")
//! }
//!
//! let cors = Cors::origins(["https://shop.example"]);
//! let client = testing::Client::new(app_fn(hello).with(cors));
//! let reply = client.get("/").header("origin", "https://shop.example").send();
//! assert_eq!(reply.header("access-control-allow-origin"), Some("https://shop.example"));
//! assert_eq!(reply.header("vary"), Some("origin"));
//! ```

mod settings;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::{HeaderValue, Method};
use rgi_core::{
    App, BodyExt, EditHead, Either, Environ, Error, Full, Head, MapStartBody, Middleware,
    StartResponse, StatusCode, field,
};

pub use settings::Cors;
use settings::Settings;

impl<A: App> Middleware<A> for Cors {
    type App = CorsApp<A>;

    fn wrap(&self, inner: A) -> CorsApp<A> {
        CorsApp {
            inner,
            settings: self.shared(),
        }
    }
}

/// An application that pages of other origins may ask.
#[derive(Clone, Debug)]
pub struct CorsApp<A> {
    inner: A,
    settings: Arc<Settings>,
}

impl<A: App> App for CorsApp<A> {
    type Body = Either<MapStartBody<A::Body, Allow>, Full>;

    #[inline]
    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let settings = &self.settings;
        let origin = settings.answer_to(&environ);
        if is_preflight(&environ) {
            return Either::right(settings.preflight(&environ, origin, start_response));
        }
        let settings = settings.clone();
        let body = self.inner.call(environ, start_response);
        Either::left(body.map_start(Allow { settings, origin }))
    }
}

/// A preflight request is an OPTIONS with an origin and the method that is to come; any other OPTIONS is
/// the application's.
fn is_preflight(environ: &Environ) -> bool {
    *environ.method() == Method::OPTIONS
        && environ.header(ORIGIN.as_str()).is_some()
        && environ
            .header(ACCESS_CONTROL_REQUEST_METHOD.as_str())
            .is_some()
}

/// Says in a response who may read it, in place of what the application said of that.
#[derive(Debug)]
pub struct Allow {
    settings: Arc<Settings>,
    origin: Option<HeaderValue>,
}

impl EditHead for Allow {
    fn edit(&mut self, head: &mut Head) {
        head.remove(&field::ACCESS_CONTROL_ALLOW_ORIGIN);
        head.remove(&field::ACCESS_CONTROL_ALLOW_CREDENTIALS);
        self.settings.allow(head, self.origin.clone());
        self.settings.expose(head);
    }

    fn edit_error(&mut self, error: &mut Error) {
        self.edit(error.head_mut());
    }
}

impl Settings {
    fn preflight(
        &self,
        environ: &Environ,
        origin: Option<HeaderValue>,
        start_response: StartResponse,
    ) -> Full {
        let mut started = start_response.start(StatusCode::NO_CONTENT);
        let head = started.head_mut();
        let allowed = origin.is_some();
        self.allow(head, origin);
        self.describe(head, environ, allowed);
        started.empty()
    }
}
