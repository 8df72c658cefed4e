use std::time::Duration;

use rgi_core::testing::Client;
use rgi_core::{
    AppExt, Body, Bytes, End, Environ, Error, Full, StartResponse, StatusCode, app_fn, async_fn,
};

use super::Timeout;

const SHORT: Duration = Duration::from_millis(5);
const LONG: Duration = Duration::from_secs(600);

async fn never(_: Environ, _: StartResponse) -> Result<Full, Error> {
    std::future::pending().await
}

async fn hello(environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
    environ.timer().sleep(SHORT).await;
    Ok(start_response.start(StatusCode::OK).full("hi"))
}

#[test]
fn what_is_in_time_passes() {
    let client = Client::new(async_fn(hello).with(Timeout::new(LONG)));
    let reply = client.get("/").send();
    assert_eq!((reply.status(), reply.text().as_str()), (200, "hi"));
    assert_eq!(reply.head().length(), Some(2));
    let endless = Timeout::new(Duration::MAX);
    assert_eq!(
        Client::new(async_fn(hello).with(endless))
            .get("/")
            .send()
            .status(),
        200
    );
}

#[test]
fn what_is_not_there_is_answered_for() {
    let reply = Client::new(async_fn(never).with(Timeout::new(SHORT)))
        .get("/")
        .send();
    assert_eq!((reply.status(), reply.outcome().end), (503, End::Refused));
    assert!(
        reply
            .outcome()
            .error
            .as_ref()
            .is_some_and(Error::is_timeout)
    );
    let gateway = Timeout::new(SHORT).status(StatusCode::GATEWAY_TIMEOUT);
    let reply = Client::new(async_fn(never).with(gateway)).get("/").send();
    assert_eq!(reply.status(), 504);
}

#[test]
fn a_head_alone_is_no_answer() {
    fn stuck(_: Environ, start_response: StartResponse) -> impl Body {
        start_response
            .start(StatusCode::OK)
            .push(async |_| std::future::pending().await)
    }
    let reply = Client::new(app_fn(stuck).with(Timeout::new(SHORT)))
        .get("/")
        .send();
    assert_eq!(reply.status(), 503);
}

#[test]
fn what_was_begun_is_cut() {
    fn stuck(_: Environ, start_response: StartResponse) -> impl Body {
        start_response
            .start(StatusCode::OK)
            .push(async |mut writer| {
                writer.write("half").await?;
                std::future::pending().await
            })
    }
    let reply = Client::new(app_fn(stuck).with(Timeout::new(SHORT)))
        .get("/")
        .send();
    assert_eq!((reply.status(), reply.text().as_str()), (200, "half"));
    assert!(reply.was_cut());
}

#[test]
fn one_that_never_waits_ends_too() {
    fn endless(_: Environ, start_response: StartResponse) -> impl Body {
        let block = Bytes::from_static(b"more");
        start_response
            .start(StatusCode::OK)
            .iter(std::iter::repeat_with(move || {
                Ok::<_, Error>(block.clone())
            }))
    }
    let reply = Client::new(app_fn(endless).with(Timeout::new(SHORT)))
        .get("/")
        .send();
    assert!(reply.was_cut());
}

#[test]
fn a_switched_connection_has_all_the_time_it_wants() {
    let app = app_fn(|mut environ: Environ, start_response: StartResponse| {
        let offer = environ.take_offer().expect("an offer");
        let accepted = offer.accept("echo").expect("the protocol offered");
        let timer = environ.timer();
        start_response
            .start(StatusCode::OK)
            .upgrade(accepted, async move |mut io| {
                timer.sleep(SHORT * 4).await;
                io.write_all(b"still here").await?;
                Ok(())
            })
    });
    let reply = Client::new(app.with(Timeout::new(SHORT)))
        .get("/")
        .upgrade("echo", b"")
        .send();
    assert_eq!(
        (reply.status(), reply.switched()),
        (101, &b"still here"[..])
    );
}
