mod flight;
mod kinds;
mod meanwhile;
mod memory;
mod patience;
#[cfg(all(feature = "auth", feature = "sessions"))]
mod personal;
mod steps;
mod together;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rgi_core::testing::{Client, Reply};
use rgi_core::{
    App, AppExt, BodyExt, BoxBody, Environ, Error, Full, HeaderValue, Method, StartResponse,
    StatusCode, app_fn, field,
};

use super::rules::{Times, times};
use super::{Memory, PageCache};

/// Answers with the number of the call, and the fields that the query names.
#[derive(Clone, Default)]
struct Counts(Arc<AtomicUsize>);

impl App for Counts {
    type Body = BoxBody;

    fn call(&self, environ: Environ, start_response: StartResponse) -> BoxBody {
        let call = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        let mut started = start_response.start(StatusCode::OK);
        for pair in environ.query().unwrap_or_default().split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = HeaderValue::try_from(value.replace('+', " ").replace('|', "\"")).unwrap();
            let name = match name {
                "cc" => field::CACHE_CONTROL,
                "vary" => field::VARY,
                "cookie" => field::SET_COOKIE,
                "age" => field::AGE,
                "expires" => field::EXPIRES,
                "location" => field::CONTENT_LOCATION,
                _ => continue,
            };
            started = started.header(name, value);
        }
        if environ.path_info() == "/blocks" {
            let blocks = ["a".to_owned(), call.to_string()];
            return started
                .iter(blocks.map(|it| Ok::<_, Error>(it.into())))
                .erased();
        }
        BoxBody::from(started.full(call.to_string()))
    }
}

fn client() -> Client<impl App> {
    Client::new(Counts::default().with(PageCache::new(Memory::new(1 << 20))))
}

fn ask<A: App>(client: &Client<A>, target: &str, fields: &[(&str, &str)]) -> Reply {
    let get = client.get(target);
    let get = fields
        .iter()
        .fold(get, |get, (name, value)| get.header(name, value));
    get.send()
}

fn twice(target: &str, fields: &[(&str, &str)]) -> String {
    let client = client();
    ask(&client, target, fields);
    ask(&client, target, fields).text()
}

#[test]
fn what_may_be_kept_is() {
    for target in [
        "/?cc=max-age=60",
        "/?cc=public,+max-age=60",
        "/?cc=MAX-AGE=|60|",
        "/?cc=max-age=0,+s-maxage=60",
        "/?cc=max-age=99999999999999999999999999",
        "/?cc=max-age=60&age=59",
        "/?expires=Tue,+31+Dec+2999+23:59:59+GMT",
    ] {
        assert_eq!(twice(target, &[]), "1", "{target}");
    }
    assert_eq!(twice("/blocks?cc=max-age=60", &[]), "a1");
}

#[test]
fn what_may_not_be_kept_is_not() {
    for target in [
        "/",
        "/?cc=max-age=0",
        "/?cc=max-age=60,+private",
        "/?cc=max-age=60,+no-store",
        "/?cc=no-cache,+max-age=60",
        "/?cc=private=|x,+y|,+max-age=60",
        "/?cc=max-age=60,+s-maxage=0",
        "/?cc=max-age=60&cc=max-age=0",
        "/?cc=max-age=sixty",
        "/?cc=max-age=60&age=60",
        "/?cc=max-age=60&vary=*",
        "/?cc=max-age=60&cookie=a=1",
        "/?expires=0",
        "/?expires=Fri,+31+Dec+1999+23:59:59+GMT",
        "/?cc=max-age=0&expires=Tue,+31+Dec+2999+23:59:59+GMT",
    ] {
        assert_eq!(twice(target, &[]), "2", "{target}");
    }
    let authorized = &[("authorization", "x")];
    assert_eq!(twice("/?cc=max-age=60", authorized), "2");
    assert_eq!(twice("/?cc=max-age=60,+public", authorized), "1");
    assert_eq!(twice("/?cc=s-maxage=60", authorized), "1");
}

#[test]
fn a_page_has_an_age_and_no_other_body() {
    let client = client();
    let first = ask(&client, "/?cc=max-age=60&age=7", &[]);
    assert_eq!((first.status(), first.header("age")), (200, Some("7")));
    let second = ask(&client, "/?cc=max-age=60&age=7", &[]);
    assert!(second.header("age").unwrap().parse::<u64>().unwrap() >= 7);
    assert_eq!(second.header("cache-control"), Some("max-age=60"));
    assert_eq!(second.head().length(), Some(1));
    let head = client.head("/?cc=max-age=60&age=7").send();
    assert_eq!((head.status(), head.head().length()), (200, Some(1)));
    assert!(head.header("age").is_some());
    // A HEAD brings no page.
    client.head("/other?cc=max-age=60").send();
    assert_eq!(ask(&client, "/other?cc=max-age=60", &[]).text(), "3");
}

#[test]
fn variants_are_kept_apart() {
    let client = client();
    let target = "/?cc=max-age=60&vary=accept-language,+x-a";
    let get = |language: &str| ask(&client, target, &[("accept-language", language)]).text();
    assert_eq!(
        [get("de"), get("en"), get("de"), get("en")],
        ["1", "2", "1", "2"]
    );
    assert_eq!(ask(&client, target, &[]).text(), "3");
}

#[test]
fn clients_are_heeded() {
    let client = client();
    let target = "/?cc=max-age=60&age=7";
    let get = |wish: &str| ask(&client, target, &[("cache-control", wish)]);
    assert_eq!(get("only-if-cached").status(), 504);
    assert_eq!(get("no-store").text(), "1");
    assert_eq!(get("").text(), "2");
    assert_eq!(get("no-cache").text(), "3");
    assert_eq!(get("only-if-cached").text(), "3");
    assert_eq!(get("max-age=0").text(), "4");
    assert_eq!(get("max-age=30").text(), "4");
    assert_eq!(get("min-fresh=10").text(), "4");
    assert_eq!(get("min-fresh=60").text(), "5");
}

#[test]
fn changes_have_pages_forgotten() {
    let client = client();
    let page = "/?cc=max-age=60";
    assert_eq!(ask(&client, page, &[]).text(), "1");
    client.request(Method::OPTIONS, page).send();
    assert_eq!(ask(&client, page, &[]).text(), "1");
    client.post(page).send();
    assert_eq!(ask(&client, page, &[]).text(), "4");
    for location in [page, "http://test.invalid/?cc=max-age=60"] {
        let before = ask(&client, page, &[]).text();
        let elsewhere = format!("/else?location={location}").replace("?cc", "%3Fcc");
        client
            .request(Method::PUT, &elsewhere.replace("%3F", "?"))
            .send();
        assert_ne!(ask(&client, page, &[]).text(), before, "{location}");
    }
    let before = ask(&client, page, &[]).text();
    let elsewhere = "/else?location=http://other.invalid/?cc=max-age=60";
    client.request(Method::DELETE, elsewhere).send();
    assert_eq!(ask(&client, page, &[]).text(), before);
}

#[test]
fn an_error_forgets_nothing() {
    let cache = PageCache::new(Memory::new(1 << 20));
    let app = app_fn(|environ: Environ, s: StartResponse| -> Full {
        if environ.method() == Method::POST {
            return s.start(StatusCode::CONFLICT).empty();
        }
        let kept = HeaderValue::from_static("max-age=60");
        s.start(StatusCode::OK)
            .header(field::CACHE_CONTROL, kept)
            .full("page")
    });
    let client = Client::new(app.with(cache));
    client.get("/").send();
    assert_eq!(client.post("/").send().status(), 409);
    assert!(client.get("/").send().header("age").is_some());
}

#[test]
fn long_pages_are_not_kept() {
    for target in ["/?cc=max-age=60", "/blocks?cc=max-age=60"] {
        let cache = PageCache::new(Memory::new(1 << 20)).longest(0);
        let client = Client::new(Counts::default().with(cache));
        ask(&client, target, &[]);
        assert!(ask(&client, target, &[]).text().ends_with('2'));
    }
}

#[test]
fn times_are_of_the_rules() {
    let of = |value: &'static str| {
        let found = std::cell::RefCell::new(None);
        let app = app_fn(|_: Environ, s: StartResponse| {
            let value = HeaderValue::from_static(value);
            let started = s.start(StatusCode::OK).header(field::CACHE_CONTROL, value);
            *found.borrow_mut() = times(started.head(), false);
            started.empty()
        });
        Client::new(app).get("/").send();
        found.take()
    };
    let wanted = |fresh, stale| {
        Some(Times {
            fresh,
            stale,
            aged: 0,
        })
    };
    assert_eq!(of("max-age=5, stale-while-revalidate=7"), wanted(5, 7));
    assert_eq!(
        of("max-age=5, must-revalidate, stale-while-revalidate=7"),
        wanted(5, 0)
    );
    assert_eq!(of("max-age=5, max-age=3"), wanted(3, 0));
    assert_eq!(of("x=\"\\\", no-store\", max-age=3"), wanted(3, 0));
    assert_eq!(of("x=\"\\\"\", no-store, max-age=3"), None);
}
