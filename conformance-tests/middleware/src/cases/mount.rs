//! Applications below a prefix.

use rgi_conformance::Case;
use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn};
use rgi_middleware::Mount;

pub(super) const CASES: &[Case] = &[Case {
    name: "mount_moves_a_prefix_to_script_name",
    says: "what was matched of the path moves from path_info to script_name; what lies outside is 404",
    app: |environ, start_response| {
        let app = app_fn(rest).with((Mount::at("/a"), Mount::at("/b%20c")));
        super::call(app, environ, start_response)
    },
    client: |c| {
        c.get("/a/b%20c/d");
        c.get("/a/b%20c");
        c.get("/a/b%20cd");
    },
    expect: r#"
        200
        content-length: 11
        "/a/b%20c /d"
        200
        content-length: 9
        "/a/b%20c "
        404
        content-length: 14
        content-type: text/plain; charset=utf-8
        "404 Not Found\n"
    "#,
    ..Case::APP
}];

/// What of `script_name` lies behind the root that the server, or the site, has mounted.
fn rest(environ: Environ, start_response: StartResponse) -> Full {
    let script_name = environ.script_name();
    let at = script_name.rfind("/a/").unwrap_or_default();
    let text = format!("{} {}", &script_name[at..], environ.path_info());
    start_response.start(StatusCode::OK).full(text)
}
