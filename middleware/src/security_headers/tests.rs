use http::HeaderValue;
use rgi_core::testing::{Client, Reply};
use rgi_core::{
    App, AppExt, Environ, Full, Scheme, StartResponse, StatusCode, app_fn,
    field::{REFERRER_POLICY, X_FRAME_OPTIONS},
};

use super::SecurityHeaders;

fn framed(_: Environ, start_response: StartResponse) -> Full {
    let started = start_response.start(StatusCode::OK);
    let value = HeaderValue::from_static("SAMEORIGIN");
    started.header(X_FRAME_OPTIONS, value).full("hi")
}

fn ask(headers: SecurityHeaders, scheme: Scheme) -> Reply {
    let app = app_fn(framed).with(headers);
    let app = app.around(move |inner, mut environ, start_response| {
        environ.set_scheme(scheme);
        inner.call(environ, start_response)
    });
    Client::new(app).get("/").send()
}

#[test]
fn what_the_application_set_stays_unless_told_otherwise() {
    let reply = ask(SecurityHeaders::new(), Scheme::Http);
    assert_eq!(reply.header("x-frame-options"), Some("SAMEORIGIN"));
    let reply = ask(SecurityHeaders::new().overriding(), Scheme::Http);
    let frames: Vec<_> = reply.head().get_all(&X_FRAME_OPTIONS).collect();
    assert_eq!(frames, ["DENY"]);
}

#[test]
fn strict_transport_security_is_sent_over_https_alone() {
    let name = "strict-transport-security";
    let value = |scheme| {
        ask(SecurityHeaders::new(), scheme)
            .header(name)
            .map(str::to_owned)
    };
    assert_eq!(value(Scheme::Http), None);
    assert_eq!(value(Scheme::Https).as_deref(), Some("max-age=31536000"));
}

#[test]
fn fields_can_be_chosen() {
    let headers = SecurityHeaders::new()
        .without(&REFERRER_POLICY)
        .content_security_policy(HeaderValue::from_static("default-src 'self'"))
        .permissions_policy(HeaderValue::from_static("camera=()"));
    let reply = ask(headers, Scheme::Http);
    assert_eq!(reply.header("referrer-policy"), None);
    let policy = reply.header("content-security-policy");
    assert_eq!(policy, Some("default-src 'self'"));
    assert_eq!(reply.header("permissions-policy"), Some("camera=()"));
}
