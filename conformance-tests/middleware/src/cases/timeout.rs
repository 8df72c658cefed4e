//! Requests that take too long.

use std::time::Duration;

use rgi_conformance::Case;
use rgi_core::{AppExt, Environ, StartResponse, StatusCode, app_fn};
use rgi_middleware::Timeout;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "timeout_answers_503_before_the_head",
        says: "a body that waits longer than it may is answered 503",
        app: |environ, start_response| {
            let app = app_fn(waiting).with(Timeout::new(Duration::from_millis(20)));
            super::call(app, environ, start_response)
        },
        client: |c| c.get("/"),
        expect: "
            503 by the server
        ",
        ..Case::APP
    },
    Case {
        name: "timeout_cuts_what_was_begun",
        says: "a body that waits longer than it may behind its first block is cut",
        app: |environ, start_response| {
            let app = app_fn(waiting).with(Timeout::new(Duration::from_millis(20)));
            super::call(app, environ, start_response)
        },
        client: |c| c.get("/begun"),
        expect: r#"
            200
            "half"
            cut
        "#,
        ..Case::APP
    },
];

fn waiting(environ: Environ, start_response: StartResponse) -> impl rgi_core::Body + Send {
    let begun = environ.path_info() == "/begun";
    let timer = environ.timer();
    let started = start_response.start(StatusCode::OK);
    started.push(async move |mut writer| {
        if begun {
            writer.write("half").await?;
        }
        timer.sleep(Duration::from_secs(3600)).await;
        Ok(())
    })
}
