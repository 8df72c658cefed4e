//! Programs that say how they are. What a server that stops has them say: `tests/stops.rs`.

use rgi_conformance::Case;
use rgi_core::{AppExt, Environ, Error, Full, StartResponse, StatusCode, app_fn};
use rgi_middleware::Health;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "health_is_told_at_paths_of_its_own",
        says: "who lives and is ready says so; all other paths are the application's",
        app: |environ, start_response| {
            let health = Health::new().check("database", async || Ok(()));
            super::call(app_fn(hello).with(health), environ, start_response)
        },
        client: |c| {
            c.get("/livez");
            c.head("/readyz");
            c.get("/");
        },
        expect: r#"
            200
            cache-control: no-store
            content-length: 3
            content-type: text/plain; charset=utf-8
            "ok\n"
            200
            cache-control: no-store
            content-length: 3
            content-type: text/plain; charset=utf-8
            200
            content-length: 2
            "hi"
        "#,
        ..Case::APP
    },
    Case {
        name: "health_names_the_checks_that_fail",
        says: "a program with a check that fails lives, and is not ready: 503",
        app: |environ, start_response| {
            let health = Health::new().check("database", async || Err(Error::new("gone")));
            super::call(app_fn(hello).with(health), environ, start_response)
        },
        client: |c| {
            c.get("/readyz");
            c.get("/livez");
        },
        expect: r#"
            503
            cache-control: no-store
            content-length: 20
            content-type: text/plain; charset=utf-8
            "not ready: database\n"
            200
            cache-control: no-store
            content-length: 3
            content-type: text/plain; charset=utf-8
            "ok\n"
        "#,
        ..Case::APP
    },
];

fn hello(_: Environ, start_response: StartResponse) -> Full {
    start_response.start(StatusCode::OK).full("hi")
}
