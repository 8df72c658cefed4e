//! Names each request.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::{RequestId, request_id::Id};
//!
//! fn hello(environ: Environ, start_response: StartResponse) -> Full {
//!     let id = environ.extensions().get::<Id>().expect("the middleware sets it");
//!     start_response.start(StatusCode::OK).full(format!("this is {}", id.as_str()))
//! }
//!
//! let app = app_fn(hello).with(RequestId::new().trusting());
//! let reply = testing::Client::new(app).get("/").header("x-request-id", "a-1").send();
//! assert_eq!(reply.text(), "this is a-1");
//! assert_eq!(reply.header("x-request-id"), Some("a-1"));
//! ```

#[cfg(test)]
mod tests;

use http::{HeaderName, HeaderValue};
use rgi_core::{
    App, BodyExt, EditHead, Environ, Error, FieldName, Head, MapStartBody, Middleware,
    StartResponse,
};
use uuid::Uuid;

const X_REQUEST_ID: FieldName = FieldName::from_static("x-request-id");

/// Bytes of an id that a client may choose.
const LONGEST: usize = 128;

/// Gives each request an id: in its extensions ([`Id`]), in a field of the request, for those who call
/// on, and in the same field of the response, in place of one that the application set; also of the
/// answer to an error. A panic's has it where a [`Catch`](crate::Catch) stands inside.
///
/// Ids are UUIDs of version 7 (RFC 9562 5.7), which sort by time.
#[derive(Clone, Debug)]
pub struct RequestId {
    field: FieldName,
    trusts: bool,
}

impl RequestId {
    /// Makes an id for each request, in the field `x-request-id`.
    pub fn new() -> RequestId {
        RequestId {
            field: X_REQUEST_ID,
            trusts: false,
        }
    }

    /// Names another field.
    pub fn field(mut self, field: FieldName) -> RequestId {
        self.field = field;
        self
    }

    /// Takes over the id that comes with a request, where there is one, and one alone, of 1 to 128
    /// visible ASCII characters. For servers behind a proxy that sets it: others' clients would choose
    /// what stands in the log.
    pub fn trusting(mut self) -> RequestId {
        self.trusts = true;
        self
    }

    fn id(&self, environ: &Environ) -> Id {
        let given = || {
            let mut values = environ.headers().get_all(self.field.as_str()).iter();
            let value = values.next().filter(|value| is_usable(value));
            value.filter(|_| values.next().is_none()).cloned()
        };
        Id(self.trusts.then(given).flatten().unwrap_or_else(made))
    }
}

impl Default for RequestId {
    fn default() -> RequestId {
        RequestId::new()
    }
}

fn is_usable(value: &HeaderValue) -> bool {
    let text = value.as_bytes();
    (1..=LONGEST).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic)
}

fn made() -> HeaderValue {
    let mut text = Uuid::encode_buffer();
    let text = Uuid::now_v7().hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(text).expect("hexadecimal digits and hyphens")
}

/// A request's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id(HeaderValue);

impl Id {
    /// The id, visible ASCII characters.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

impl<A: App> Middleware<A> for RequestId {
    type App = RequestIdApp<A>;

    fn wrap(&self, inner: A) -> RequestIdApp<A> {
        RequestIdApp {
            inner,
            settings: self.clone(),
        }
    }
}

/// An application whose requests have ids.
#[derive(Clone, Debug)]
pub struct RequestIdApp<A> {
    inner: A,
    settings: RequestId,
}

impl<A: App> App for RequestIdApp<A> {
    type Body = MapStartBody<A::Body, SetId>;

    fn call(&self, mut environ: Environ, start_response: StartResponse) -> Self::Body {
        let id = self.settings.id(&environ);
        let field = self.settings.field.clone();
        let name = HeaderName::from(field.clone());
        environ.headers_mut().insert(name, id.0.clone());
        environ.extensions_mut().insert(id.clone());
        let body = self.inner.call(environ, start_response);
        body.map_start(SetId { field, id })
    }
}

/// Puts a request's id into the response.
#[derive(Debug)]
pub struct SetId {
    field: FieldName,
    id: Id,
}

impl EditHead for SetId {
    fn edit(&mut self, head: &mut Head) {
        head.insert(self.field.clone(), self.id.0.clone());
    }

    fn edit_error(&mut self, error: &mut Error) {
        self.edit(error.head_mut());
    }
}
