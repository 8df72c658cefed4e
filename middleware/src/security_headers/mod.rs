//! Fields that have browsers be careful.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::SecurityHeaders;
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("hi")
//! }
//!
//! let reply = testing::Client::new(app_fn(hello).with(SecurityHeaders::new())).get("/").send();
//! assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
//! assert_eq!(reply.header("x-frame-options"), Some("DENY"));
//! assert_eq!(reply.header("strict-transport-security"), None); // it is not https
//! ```

#[cfg(test)]
mod tests;

use std::sync::Arc;

use http::HeaderValue;
use rgi_core::{
    App, BodyExt, EditHead, Environ, Error, FieldName, Head, MapStartBody, Middleware, Scheme,
    StartResponse,
    field::{
        CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};

const PERMISSIONS_POLICY: FieldName = FieldName::from_static("permissions-policy");

/// Sets fields of responses that browsers act on, where the application did not set them itself; also of
/// the answer to an error. A panic's has them where a [`Catch`](crate::Catch) stands inside.
///
/// | field | value | by |
/// |---|---|---|
/// | `x-content-type-options` | `nosniff` | the Fetch standard, 3.6 |
/// | `x-frame-options` | `DENY` | RFC 7034 |
/// | `referrer-policy` | `strict-origin-when-cross-origin` | Referrer Policy, 3.7 |
/// | `strict-transport-security` | `max-age=31536000` | RFC 6797; over https alone (7.2) |
/// | `content-security-policy` | none unless set | Content Security Policy 3 |
/// | `permissions-policy` | none unless set | Permissions Policy |
#[derive(Clone, Debug)]
pub struct SecurityHeaders(Arc<Settings>);

#[derive(Clone, Debug)]
struct Settings {
    fields: Vec<(FieldName, HeaderValue)>,
    overrides: bool,
}

impl SecurityHeaders {
    /// Sets the fields of the table.
    pub fn new() -> SecurityHeaders {
        let of = HeaderValue::from_static;
        SecurityHeaders(Arc::new(Settings {
            fields: vec![
                (X_CONTENT_TYPE_OPTIONS, of("nosniff")),
                (X_FRAME_OPTIONS, of("DENY")),
                (REFERRER_POLICY, of("strict-origin-when-cross-origin")),
                (STRICT_TRANSPORT_SECURITY, of("max-age=31536000")),
            ],
            overrides: false,
        }))
    }

    /// Sets Content-Security-Policy.
    pub fn content_security_policy(self, policy: HeaderValue) -> SecurityHeaders {
        self.field(CONTENT_SECURITY_POLICY, policy)
    }

    /// Sets Permissions-Policy.
    pub fn permissions_policy(self, policy: HeaderValue) -> SecurityHeaders {
        self.field(PERMISSIONS_POLICY, policy)
    }

    /// Sets a field to another value, or one more. Strict-Transport-Security is sent over https alone.
    pub fn field(mut self, name: FieldName, value: HeaderValue) -> SecurityHeaders {
        self = self.without(&name);
        Arc::make_mut(&mut self.0).fields.push((name, value));
        self
    }

    /// Leaves a field alone.
    pub fn without(mut self, name: &FieldName) -> SecurityHeaders {
        let settings = Arc::make_mut(&mut self.0);
        settings.fields.retain(|(other, _)| other != name);
        self
    }

    /// Sets the fields also where the application set them.
    pub fn overriding(mut self) -> SecurityHeaders {
        Arc::make_mut(&mut self.0).overrides = true;
        self
    }
}

impl Default for SecurityHeaders {
    fn default() -> SecurityHeaders {
        SecurityHeaders::new()
    }
}

impl<A: App> Middleware<A> for SecurityHeaders {
    type App = SecurityHeadersApp<A>;

    fn wrap(&self, inner: A) -> SecurityHeadersApp<A> {
        SecurityHeadersApp {
            inner,
            settings: self.0.clone(),
        }
    }
}

/// An application whose responses have such fields.
#[derive(Clone, Debug)]
pub struct SecurityHeadersApp<A> {
    inner: A,
    settings: Arc<Settings>,
}

impl<A: App> App for SecurityHeadersApp<A> {
    type Body = MapStartBody<A::Body, SetFields>;

    #[inline]
    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let secure = environ.scheme() == Scheme::Https;
        let settings = self.settings.clone();
        let body = self.inner.call(environ, start_response);
        body.map_start(SetFields { settings, secure })
    }
}

/// Sets the fields of a head.
#[derive(Debug)]
pub struct SetFields {
    settings: Arc<Settings>,
    secure: bool,
}

impl EditHead for SetFields {
    fn edit(&mut self, head: &mut Head) {
        // A connection that is switched carries no document.
        if head.status.is_informational() {
            return;
        }
        for (name, value) in &self.settings.fields {
            if *name == STRICT_TRANSPORT_SECURITY && !self.secure {
                continue;
            }
            if self.settings.overrides {
                head.remove(name);
            } else if head.get(name).is_some() {
                continue;
            }
            head.append(name.clone(), value.clone());
        }
    }

    fn edit_error(&mut self, error: &mut Error) {
        self.edit(error.head_mut());
    }
}
