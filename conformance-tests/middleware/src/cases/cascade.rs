//! One application behind the other.

use std::time::Duration;

use rgi_conformance::Case;
use rgi_core::{
    AppExt, BodyExt, BoxBody, Environ, Error, Full, HeaderMap, StartResponse, StatusCode, app_fn,
    async_fn,
};
use rgi_middleware::{BodyLimit, Cascade};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "cascade_asks_the_next_with_the_whole_request",
        says: "where the first has no answer the next gets the request, its body included",
        app: |environ, start_response| {
            let app = app_fn(nothing).with(Cascade::to(async_fn(echo)));
            super::call(app, environ, start_response)
        },
        client: |c| {
            c.get("/first");
            c.post("/", "a body");
        },
        expect: r#"
        200
        content-length: 5
        "first"
        200
        content-length: 6
        "a body"
    "#,
        ..Case::APP
    },
    Case {
        name: "cascade_takes_a_limit_back",
        says: "a limit that the first has for bodies is not the next one's",
        app: |environ, start_response| {
            let small = app_fn(nothing).with(BodyLimit::new(4));
            let app = small.with(Cascade::to(async_fn(echo)));
            super::call(app, environ, start_response)
        },
        client: |c| {
            c.ask("POST", "/").pieces([&b"a "[..], b"body"]).send();
        },
        expect: r#"
        200
        content-length: 6
        "a body"
    "#,
        ..Case::APP
    },
    Case {
        name: "cascade_offers_a_switch_again",
        says: "what the client asked to switch to is offered to the next, too",
        needs: &["upgrade"],
        app: |environ, start_response| {
            let takes = app_fn(|mut environ: Environ, start_response: StartResponse| {
                let offer = environ.take_offer();
                let accepted = offer.and_then(|offer| offer.accept("other").ok());
                assert!(accepted.is_none(), "the client wants an echo");
                start_response.start(StatusCode::NOT_FOUND).empty()
            });
            let app = takes.with(Cascade::to(app_fn(switched)));
            super::call(app, environ, start_response)
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Connection: upgrade\r\nUpgrade: echo\r\n\r\nhi");
            c.read_head();
            c.switched(2);
        },
        expect: r#"
        101
        connection: upgrade
        upgrade: echo
        "hi"
    "#,
        ..Case::WIRE
    },
    Case {
        name: "cascade_lets_the_next_inform",
        says: "interim responses of the next are sent, also where the first has ended in an error",
        needs: &["informational"],
        app: |environ, start_response| {
            let app = async_fn(fails).with(Cascade::to(async_fn(informs)));
            super::call(app, environ, start_response)
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            103
            200
            content-length: 2
            "hi"
        "#,
        ..Case::WIRE
    },
];

async fn fails(environ: Environ, _: StartResponse) -> Result<Full, Error> {
    drop(environ);
    Err(Error::new("on purpose").with_status(StatusCode::NOT_FOUND))
}

async fn informs(environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
    start_response.inform(StatusCode::EARLY_HINTS, &HeaderMap::new());
    // A server may send it when it is asked to wait.
    environ.timer().sleep(Duration::from_millis(20)).await;
    Ok(start_response.start(StatusCode::OK).full("hi"))
}

fn nothing(environ: Environ, start_response: StartResponse) -> Full {
    match environ.path_info() {
        "/first" => start_response.start(StatusCode::OK).full("first"),
        _ => start_response.start(StatusCode::NOT_FOUND).full("nothing"),
    }
}

async fn echo(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
    let body = environ.input().collect(1 << 20).await?;
    Ok(start_response.start(StatusCode::OK).full(body))
}

/// Gives back what comes first, over the protocol `echo`.
fn switched(mut environ: Environ, start_response: StartResponse) -> BoxBody {
    let offer = environ.take_offer();
    let Some(accepted) = offer.and_then(|offer| offer.accept("echo").ok()) else {
        let started = start_response.start(StatusCode::NOT_IMPLEMENTED);
        return started.empty().erased();
    };
    let started = start_response.start(StatusCode::OK);
    let body = started.upgrade(accepted, async |mut io| {
        let mut room = [0; 64];
        let bytes = io.read(&mut room).await?;
        io.write_all(&room[..bytes]).await?;
        Ok(())
    });
    body.erased()
}
