//! Clients that say who they are: without, none would be let in.

use http::header::AUTHORIZATION;
use rgi_core::{App, AppExt, BoxApp, Environ, HeaderValue, StartResponse};
use rgi_middleware::Auth;

/// Of a nameless one. No case sends these.
const OURS: HeaderValue = HeaderValue::from_static("Basic Og==");

/// Asks for credentials, and takes all there are: the clients' own, and ours of those that have none, which
/// the application does not see.
pub(crate) fn all_let_in(app: BoxApp) -> BoxApp {
    let auth = Auth::basic("all", |_: &mut Environ, _: &[u8], _: &[u8]| true);
    app.around(without_ours)
        .with(auth)
        .around(with_ours)
        .erased()
}

fn with_ours<A: App>(app: &A, mut environ: Environ, start_response: StartResponse) -> A::Body {
    let fields = environ.headers_mut();
    fields.entry(AUTHORIZATION).or_insert(OURS);
    app.call(environ, start_response)
}

fn without_ours<A: App>(app: &A, mut environ: Environ, start_response: StartResponse) -> A::Body {
    let fields = environ.headers_mut();
    if fields.get(AUTHORIZATION) == Some(&OURS) {
        fields.remove(AUTHORIZATION);
    }
    app.call(environ, start_response)
}
