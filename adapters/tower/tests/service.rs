//! Applications as services, as a program of another kind calls them.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use http::Request;
use http_body::Body as _;
use http_body_util::BodyExt;
use rgi_core::server::{Host, ServerInfo};
use rgi_core::{
    Environ, Error, Event, Full, Scheme, StartResponse, StatusCode, Stream, app_fn, rt,
};
use tower_service::Service;

/// Where code of the application's has run, and whether it might have waited there.
type Noted = Arc<Mutex<Vec<(&'static str, bool)>>>;

struct Notes {
    noted: Noted,
    start_response: Option<StartResponse>,
    left: u32,
}

fn note(noted: &Noted, place: &'static str) {
    noted.lock().unwrap().push((place, rt::may_park()));
}

impl Stream for Notes {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(start_response) = self.start_response.take() {
            note(&self.noted, "head");
            let started = start_response.start(StatusCode::OK);
            return Poll::Ready(Some(Ok(Event::Start(started))));
        }
        note(&self.noted, "body");
        self.left = self.left.saturating_sub(1);
        Poll::Ready((self.left > 0).then(|| Ok(Event::Data("x".into()))))
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        note(&self.noted, "drop");
    }
}

#[test]
fn nothing_of_an_application_may_block_the_program() {
    for left in [2, 1000] {
        let noted = Noted::default();
        let inside = noted.clone();
        let app = app_fn(move |environ: Environ, start_response| {
            note(&inside, "call");
            let hook = inside.clone();
            environ.on_finish(move |_| note(&hook, "hook"));
            Notes {
                noted: inside.clone(),
                start_response: Some(start_response),
                left,
            }
        });
        let mut service = rgi_tower::into_service(app);
        let answer = service.call(Request::new(String::new()));
        let mut body = Box::pin(rt::block_on(answer).unwrap().into_body());
        for _ in 0..2 {
            let _ = rt::block_on(std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)));
        }
        drop(body);
        let noted = noted.lock().unwrap();
        for place in ["call", "head", "body", "drop", "hook"] {
            assert!(noted.contains(&(place, false)), "{place}: {noted:?}");
        }
        assert!(noted.iter().all(|(_, may)| !may), "{noted:?}");
    }
}

/// What an application is told of where it is.
fn place(environ: Environ, start_response: StartResponse) -> Full {
    let text = format!(
        "{} {:?} {:?} {}",
        environ.target(),
        environ.script_name(),
        environ.path_info(),
        environ.url(),
    );
    start_response.start(StatusCode::OK).full(text)
}

/// What a service answers to a GET.
fn get<S>(mut service: S, target: &str) -> (u16, String)
where
    S: Service<Request<axum::body::Body>, Response = http::Response<axum::body::Body>>,
    S::Error: std::fmt::Debug,
{
    let request = Request::get(target).header("host", "a");
    let request = request.body(axum::body::Body::empty()).unwrap();
    rt::block_on(async {
        std::future::poll_fn(|cx| service.poll_ready(cx))
            .await
            .unwrap();
        let response = service.call(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    })
}

#[test]
fn a_prefix_that_a_router_takes_off_is_script_name() {
    let service = rgi_tower::into_service(app_fn(place)).below("/shop");
    let router: Router = Router::new().nest_service("/shop", service);
    for (target, told) in [
        (
            "/shop/cart/1?x=/shop",
            r#"/shop/cart/1?x=/shop "/shop" "/cart/1" http://a/shop/cart/1?x=/shop"#,
        ),
        ("/shop/", r#"/shop/ "/shop" "/" http://a/shop/"#),
        // axum has it so, too.
        ("/shop", r#"/shop/ "/shop" "/" http://a/shop/"#),
    ] {
        assert_eq!(get(router.clone(), target), (200, told.to_owned()));
    }
    assert_eq!(get(router, "/shopping").0, 404);
}

#[test]
fn a_prefix_that_the_path_has_is_the_hosts() {
    let service = rgi_tower::into_service(app_fn(place));
    let router: Router = Router::new().fallback_service(service.clone());
    let told = r#"/shop/cart "" "/shop/cart" http://a/shop/cart"#;
    assert_eq!(get(router, "/shop/cart"), (200, told.to_owned()));

    let clock = Arc::new(rt::ThreadClock::new());
    let mut host = Host::new(ServerInfo::default(), clock);
    host.script_name = "/shop".to_owned();
    let service = service.with_host(host);
    let router: Router = Router::new().fallback_service(service.clone());
    let told = r#"/shop/cart "/shop" "/cart" http://a/shop/cart"#;
    assert_eq!(get(router.clone(), "/shop/cart"), (200, told.to_owned()));
    assert_eq!(get(router, "/cart").0, 404);
    // Both: the one behind the other.
    let router: Router = Router::new().nest_service("/all", service.below("/all"));
    let told = r#"/all/shop/cart "/all/shop" "/cart" http://a/all/shop/cart"#;
    assert_eq!(get(router, "/all/shop/cart"), (200, told.to_owned()));
}

#[test]
#[should_panic(expected = "a prefix begins with a slash")]
fn a_prefix_is_a_path() {
    let _ = rgi_tower::into_service(app_fn(place)).below("shop/");
}

#[test]
fn the_program_knows_the_scheme() {
    let service = rgi_tower::into_service(app_fn(place)).with_scheme(Scheme::Https);
    let router: Router = Router::new().fallback_service(service);
    let (_, told) = get(router.clone(), "/x");
    assert!(told.ends_with(" https://a/x"), "{told}");
    let router = router.layer(axum::Extension(Scheme::Http));
    let (_, told) = get(router, "/x");
    assert!(told.ends_with(" http://a/x"), "{told}");
}

/// As on a server: what a message is, and whom it is for, cannot be unsaid.
#[test]
fn what_connection_names_is_left_behind_and_host_is_not() {
    fn names(environ: Environ, start_response: StartResponse) -> Full {
        let mut names: Vec<_> = environ.headers().keys().map(|name| name.as_str()).collect();
        names.sort_unstable();
        start_response.start(StatusCode::OK).full(names.join(" "))
    }
    let mut service = rgi_tower::into_service(app_fn(names));
    let mut ask = |connection: &str| {
        let request = Request::get("/")
            .header("connection", connection)
            .header("host", "a")
            .header("content-length", "0")
            .header("keep-alive", "1")
            .header("x-named", "1")
            .header("x-other", "1");
        let response = rt::block_on(service.call(request.body(String::new()).unwrap())).unwrap();
        let status = response.status().as_u16();
        let body = rt::block_on(response.into_body().collect()).unwrap();
        let body = body.to_bytes().to_vec();
        (status, String::from_utf8(body).unwrap())
    };
    let told = (200, "content-length host x-other".to_owned());
    assert_eq!(ask("host, X-Named, content-length"), told);
    assert_eq!(ask("no token").0, 400);
}
