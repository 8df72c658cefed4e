//! Responses that are kept.

use std::sync::OnceLock;

use rgi_conformance::Case;
use rgi_core::{
    AppExt, BoxBody, Environ, Full, HeaderValue, StartResponse, StatusCode, app_fn, field,
};
use rgi_middleware::cookies::Jar;
use rgi_middleware::page_cache::Memory;
use rgi_middleware::{Cookies, PageCache};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "page_cache_gives_out_what_it_keeps",
        says: "a page that is fresh is given out again, with its age, and to HEAD",
        app: kept,
        client: |c| {
            // Another server of this process may have asked before.
            c.get("/");
            c.get("/");
            c.head("/");
            c.ask("GET", "/")
                .field("cache-control", "only-if-cached, max-age=0, no-cache")
                .send();
        },
        expect: r#"
        200
        ?age: _
        cache-control: max-age=3600
        content-length: 4
        "page"
        200
        age: _
        cache-control: max-age=3600
        content-length: 4
        "page"
        200
        age: _
        cache-control: max-age=3600
        content-length: 4
        504
        content-length: 0
    "#,
        ..Case::APP
    },
    Case {
        name: "page_cache_gives_nobody_what_is_anothers",
        says: "what the application looked at a cookie for is not given to others, in whatever order middleware stands",
        app: personal,
        client: |c| {
            for order in ["/inside", "/outside"] {
                c.ask("GET", order).field("cookie", "name=Ada").send();
                c.ask("GET", order).field("cookie", "name=Bob").send();
            }
        },
        expect: r#"
        200
        cache-control: max-age=3600
        content-length: 3
        vary: cookie
        "Ada"
        200
        cache-control: max-age=3600
        content-length: 3
        vary: cookie
        "Bob"
        200
        cache-control: max-age=3600
        content-length: 3
        vary: cookie
        "Ada"
        200
        cache-control: max-age=3600
        content-length: 3
        vary: cookie
        "Bob"
    "#,
        ..Case::APP
    },
];

fn kept(environ: Environ, start_response: StartResponse) -> BoxBody {
    static CACHE: OnceLock<PageCache> = OnceLock::new();
    let cache = CACHE.get_or_init(|| PageCache::new(Memory::new(1 << 20)));
    let page = app_fn(|_: Environ, start_response: StartResponse| -> Full {
        let kept = HeaderValue::from_static("max-age=3600");
        let started = start_response.start(StatusCode::OK);
        started.header(field::CACHE_CONTROL, kept).full("page")
    });
    super::call(page.with(cache), environ, start_response)
}

fn personal(environ: Environ, start_response: StartResponse) -> BoxBody {
    static CACHE: OnceLock<PageCache> = OnceLock::new();
    let cache = CACHE.get_or_init(|| PageCache::new(Memory::new(1 << 20)));
    let name = app_fn(|environ: Environ, start_response: StartResponse| -> Full {
        let jar = Jar::of(&environ).expect("a jar");
        let kept = HeaderValue::from_static("max-age=3600");
        let started = start_response.start(StatusCode::OK);
        let name = jar.get("name").unwrap_or_default();
        started.header(field::CACHE_CONTROL, kept).full(name)
    });
    match environ.path_info() {
        "/inside" => super::call(name.with((Cookies::new(), cache)), environ, start_response),
        _ => super::call(name.with((cache, Cookies::new())), environ, start_response),
    }
}
