//! Applications that fail.

use rgi_conformance::Case;
use rgi_core::{AppExt, BoxBody, Environ, Error, StartResponse, StatusCode, app_fn};
use rgi_middleware::Catch;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "catch_answers_for_errors_and_panics",
        says: "problem details answer for an error of the body, a panic of it and one of the call",
        app: |environ, start_response| {
            let app = app_fn(failing).with(Catch::problems().details());
            super::call(app, environ, start_response)
        },
        client: |c| {
            c.get("/cart");
            c.head("/cart");
            c.get("/panic");
            c.get("/call");
        },
        expect: r#"
            404
            content-length: 58
            content-type: application/problem+json
            "{\"title\":\"Not Found\",\"status\":404,\"detail\":\"no such cart\"}"
            404
            content-length: 58
            content-type: application/problem+json
            500
            content-length: 46
            content-type: application/problem+json
            "{\"title\":\"Internal Server Error\",\"status\":500}"
            500
            content-length: 46
            content-type: application/problem+json
            "{\"title\":\"Internal Server Error\",\"status\":500}"
        "#,
        ..Case::APP
    },
    Case {
        name: "catch_leaves_what_was_committed_to_be_cut",
        says: "an error behind the first block cuts the response: no page follows it",
        app: |environ, start_response| {
            let app = app_fn(failing).with(Catch::plain());
            super::call(app, environ, start_response)
        },
        client: |c| c.get("/late"),
        expect: r#"
            200
            "half"
            cut
        "#,
        ..Case::APP
    },
];

fn failing(environ: Environ, start_response: StartResponse) -> BoxBody {
    let path = environ.path_info().to_owned();
    if path == "/call" {
        panic!("in the call");
    }
    BoxBody::future(async move {
        match path.as_str() {
            "/panic" => panic!("in the body"),
            "/cart" => Err(Error::new("no such cart").with_status(StatusCode::NOT_FOUND)),
            _ => {
                let started = start_response.start(StatusCode::OK);
                Ok(started.push(async |mut writer| {
                    writer.write("half").await?;
                    Err(Error::new("too late"))
                }))
            }
        }
    })
}
