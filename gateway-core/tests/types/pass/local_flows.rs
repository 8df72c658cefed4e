//! An application that stays on its thread goes through the same middleware.
use std::cell::Cell;
use std::rc::Rc;

use rgi_core::{
    App, AppExt, Body, BodyExt, Bytes, Environ, Error, Head, LocalLifespan, MakeApp, Next,
    StartResponse, StatusCode, Worker, app_fn, async_fn_with, blocking_local, layer,
    testing::Client,
};

fn created<A: App>(inner: A) -> impl App<Body = impl Body> {
    inner.map_start(|head: &mut Head| head.status = StatusCode::CREATED)
}

fn shout<A: App>(inner: A) -> impl App<Body = impl Body> {
    inner.map_data(|data: Bytes| Ok(data.to_ascii_uppercase().into()))
}

fn recovering<A: App>(inner: A) -> impl App<Body = impl Body> {
    inner.around(|inner: &A, environ, start_response: StartResponse| {
        let (start_response, fallback) = start_response.with_fallback();
        inner
            .call(environ, start_response)
            .recover(fallback, |fallback, error| {
                fallback.start(StatusCode::BAD_GATEWAY, error).empty()
            })
    })
}

fn later<A: App>(inner: A) -> impl App<Body = impl Body> {
    inner.around_async(async |environ: Environ, start_response, inner: Next<A>| {
        Ok(inner.call(environ, start_response))
    })
}

/// Neither it nor its bodies can leave their thread.
fn counter(calls: Rc<Cell<u32>>) -> impl App<Body = impl Body> {
    app_fn(move |_, start_response: StartResponse| {
        calls.set(calls.get() + 1);
        let calls = calls.clone();
        let blocks = (0..2).map(move |_| Ok::<_, Error>(Bytes::from(format!("a{}", calls.get()))));
        start_response.start(StatusCode::OK).iter(blocks)
    })
}

fn takes_any<L: LocalLifespan>(_: L) {}

fn takes_factory(_: impl MakeApp) {}

fn main() {
    let calls = Rc::new(Cell::new(0));
    let app = counter(calls.clone()).with((layer(created), layer(shout), layer(recovering)));
    let client = Client::new(later(app).erased_local());
    assert_eq!(client.get("/").send().text(), "A1A1");
    assert_eq!(client.get("/").send().text(), "A2A2");
    assert_eq!((client.get("/").send().status(), calls.get()), (201, 3));

    let state = Rc::new(String::from("local"));
    let app = created(async_fn_with(
        state.clone(),
        async |state: Rc<String>, _, s: StartResponse| {
            Ok::<_, Error>(s.start(StatusCode::OK).full(state.to_string()))
        },
    ));
    assert_eq!(Client::new(app).get("/").send().text(), "local");

    let app = shout(blocking_local(move |_, s: StartResponse| {
        Ok(s.start(StatusCode::OK)
            .full(state.to_string())
            .erased_local())
    }));
    assert_eq!(Client::new(app).get("/").send().text(), "LOCAL");

    // Each worker makes its own.
    takes_factory(|_: &Worker| Ok(counter(Rc::new(Cell::new(0)))));
    takes_any(rgi_core::launch(
        async |_: &Worker| Ok(counter(Rc::new(Cell::new(0)))),
        async |_| {},
    ));
}
