//! Middleware is `Send` when what it wraps is, though it never says so.
use rgi_core::{
    App, AppExt, Body, BodyExt, Bytes, Environ, Error, FieldName, Full, Head, HeaderValue, Next,
    StartResponse, StatusCode, app_fn, async_fn, layer, testing::Client,
};

const X_STAMP: FieldName = FieldName::from_static("x-stamp");

fn stamp<A: App>(inner: A) -> impl App<Body = impl Body> {
    inner.map_start(|head: &mut Head| head.append(X_STAMP, HeaderValue::from_static("1")))
}

fn shout<A: App>(inner: A) -> impl App<Body = impl Body> {
    inner.map_data(|data: Bytes| Ok(data.to_ascii_uppercase().into()))
}

fn recovering<A: App>(inner: A) -> impl App<Body = impl Body> {
    inner.around(|inner: &A, environ, start_response: StartResponse| {
        let (start_response, fallback) = start_response.with_fallback();
        inner
            .call(environ, start_response)
            .catch_panics()
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

fn hello(_: Environ, start_response: StartResponse) -> Full {
    start_response.start(StatusCode::OK).full("hello")
}

async fn soon(_: Environ, start_response: StartResponse) -> Result<Full, Error> {
    Ok(start_response.start(StatusCode::OK).full("hello"))
}

fn shared<A: App + Send + Sync + 'static>(app: A) -> A
where
    A::Body: Send + 'static,
{
    app
}

fn main() {
    let all = (layer(stamp), layer(shout));
    let app = shared(later(recovering(shared(app_fn(hello).with(all)))));
    let app = shared(app.inspect_finish(|_| {}));
    assert_eq!(Client::new(app).get("/").send().text(), "HELLO");

    let app = shared(recovering(stamp(async_fn(soon)))).erased();
    let app = shared(stamp(app));
    assert_eq!(
        Client::new(app).get("/").send().header("x-stamp"),
        Some("1")
    );
}
