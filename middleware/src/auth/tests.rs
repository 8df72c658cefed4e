use rgi_core::testing::{Client, Reply};
use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn};

use super::{Auth, is_same};

fn hello(_: Environ, start_response: StartResponse) -> Full {
    start_response.start(StatusCode::OK).full("hi")
}

fn basic(credentials: &[&str]) -> Reply {
    let auth = Auth::basic("shop", |_: &mut Environ, name: &[u8], word: &[u8]| {
        is_same(name, b"Aladdin") & is_same(word, b"open:sesame")
    });
    let client = Client::new(app_fn(hello).with(auth));
    let request = client.get("/");
    let request = credentials
        .iter()
        .fold(request, |it, text| it.header("authorization", text));
    request.send()
}

fn bearer(credentials: &str) -> Reply {
    let auth = Auth::bearer("api", |_: &mut Environ, token: &[u8]| {
        is_same(token, b"secret")
    });
    let client = Client::new(app_fn(hello).with(auth));
    client.get("/").header("authorization", credentials).send()
}

#[test]
fn names_and_passwords_pass_if_they_are_good() {
    let good = "Basic QWxhZGRpbjpvcGVuOnNlc2FtZQ==";
    assert_eq!(basic(&[good]).status(), 200);
    assert_eq!(basic(&["basic QWxhZGRpbjpvcGVuOnNlc2FtZQ=="]).status(), 200);
    let wrong = [
        &[][..],
        &["Basic"],
        &["Basic !"],
        &["Basic QWxhZGRpbg=="],
        &["Bearer QWxhZGRpbjpvcGVuOnNlc2FtZQ=="],
        &[good, good],
    ];
    for credentials in wrong {
        let reply = basic(credentials);
        assert_eq!(reply.status(), 401, "{credentials:?}");
        let challenge = reply.header("www-authenticate");
        assert_eq!(challenge, Some("Basic realm=\"shop\", charset=\"UTF-8\""));
    }
}

#[test]
fn tokens_pass_if_they_are_good() {
    assert_eq!(bearer("Bearer secret").status(), 200);
    let challenge = bearer("Basic Og==")
        .header("www-authenticate")
        .map(str::to_owned);
    assert_eq!(challenge.as_deref(), Some("Bearer realm=\"api\""));
    let reply = bearer("Bearer other");
    assert_eq!(reply.status(), 401);
    let challenge = reply.header("www-authenticate");
    assert_eq!(
        challenge,
        Some("Bearer realm=\"api\", error=\"invalid_token\"")
    );
}

#[test]
fn secrets_are_the_same_if_all_their_bytes_are() {
    assert!(is_same(b"", b"") && is_same(b"ab", b"ab"));
    assert!(!is_same(b"ab", b"ac") && !is_same(b"ab", b"a"));
}
