//! A line for each request.

use rgi_conformance::{Case, Notes};
use rgi_core::{
    AppExt, BodyExt, BoxBody, Bytes, Environ, Error, StartResponse, StatusCode, app_fn,
};
use rgi_middleware::AccessLog;

pub(super) const CASES: &[Case] = &[Case {
    name: "access_log_tells_what_was_answered",
    says: "a line has the request, the status, the bytes of the body and how it ended",
    app: |environ, start_response| {
        let notes = Notes::of(&environ);
        let log = AccessLog::json(move |line: &[u8]| notes.add(told(line)));
        super::call(app_fn(answer).with(log), environ, start_response)
    },
    client: |c| {
        c.get("/a?b");
        c.head("/a");
        c.get("/fails");
        c.notes(6);
    },
    expect: r#"
            200
            content-length: 2
            "hi"
            200
            content-length: 2
            200
            "half"
            cut
            app: GET 200 2 sent
            app: sent 200 2 bytes
            app: HEAD 200 0 sent
            app: sent 200 0 bytes
            app: GET 200 4 truncated
            app: truncated 200 4 bytes
        "#,
    ..Case::APP
}];

fn answer(environ: Environ, start_response: StartResponse) -> BoxBody {
    let started = start_response.start(StatusCode::OK);
    match environ.path_info() {
        "/fails" => {
            let blocks = [Ok(Bytes::from("half")), Err(Error::new("on purpose"))];
            started.iter(blocks).erased()
        }
        _ => started.full("hi").into(),
    }
}

/// What of a line is the same each time.
fn told(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    let value = |name: &str| {
        let (_, rest) = line.split_once(&format!("\"{name}\":")).unwrap_or_default();
        let end = rest.find([',', '}']).unwrap_or(rest.len());
        rest[..end].trim_matches('"').to_owned()
    };
    ["method", "status", "bytes", "outcome"]
        .map(value)
        .join(" ")
}
