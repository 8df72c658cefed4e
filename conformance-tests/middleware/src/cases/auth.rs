//! Clients that say who they are.

use rgi_conformance::Case;
use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn};
use rgi_middleware::Auth;
use rgi_middleware::auth::is_same;

pub(super) const CASES: &[Case] = &[Case {
    name: "auth_challenges_who_does_not_say_who_it_is",
    says: "without good credentials the answer is 401 with a challenge, with them the application's",
    app: |environ, start_response| {
        let auth = Auth::bearer("api", |_: &mut Environ, token: &[u8]| {
            is_same(token, b"secret")
        });
        super::call(app_fn(hello).with(auth), environ, start_response)
    },
    client: |c| {
        c.get("/");
        c.ask("GET", "/")
            .field("authorization", "Bearer secret")
            .send();
    },
    expect: r#"
        401
        content-length: 17
        content-type: text/plain; charset=utf-8
        www-authenticate: Bearer realm="api"
        "401 Unauthorized\n"
        200
        content-length: 2
        "hi"
    "#,
    ..Case::APP
}];

fn hello(_: Environ, start_response: StartResponse) -> Full {
    start_response.start(StatusCode::OK).full("hi")
}
