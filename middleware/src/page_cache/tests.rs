use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rgi_core::testing::{Client, Reply};
use rgi_core::{
    App, AppExt, BodyExt, BoxBody, Environ, Error, Full, HeaderValue, Method, StartResponse,
    StatusCode, app_fn, async_fn, field,
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
fn memory_is_bounded() {
    let store = Arc::new(Memory::new(3000));
    let cache = PageCache::new(Shared(store.clone()));
    let client = Client::new(Counts::default().with(cache));
    for n in 0..100 {
        ask(&client, &format!("/{n}?cc=max-age=60"), &[]);
        // One that is asked for stays.
        ask(&client, "/0?cc=max-age=60", &[]);
    }
    assert_eq!(ask(&client, "/0?cc=max-age=60", &[]).text(), "1");
    let shown = format!("{store:?}");
    let bytes = shown
        .split("bytes: ")
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap();
    assert!(
        (1..=3000).contains(&bytes.parse::<usize>().unwrap()),
        "{shown}"
    );
}

struct Shared(Arc<Memory>);

impl super::Store for Shared {
    fn get(&self, ask: &super::Ask<'_>) -> Option<Arc<super::Page>> {
        self.0.get(ask)
    }

    fn insert(&self, page: Arc<super::Page>) {
        self.0.insert(page);
    }

    fn remove(&self, ask: &super::Ask<'_>) {
        self.0.remove(ask);
    }
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

/// Longest wait for what has to come; in the application too, so that no thread is waited for in vain.
const PATIENCE: Duration = Duration::from_secs(30);

fn until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it never came to that");
        std::thread::yield_now();
    }
}

/// Answers with the number of the call; one call is held until it may go.
fn gathering(
    calls: Arc<AtomicUsize>,
    go: Arc<AtomicUsize>,
    held: usize,
    kept: &'static str,
) -> impl App<Body: Send> + Send + Sync {
    async_fn(move |environ: Environ, start_response: StartResponse| {
        let (calls, go) = (calls.clone(), go.clone());
        async move {
            let timer = environ.timer();
            let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
            let begun = Instant::now();
            while call == held && go.load(Ordering::SeqCst) == 0 && begun.elapsed() < PATIENCE {
                timer.sleep(Duration::from_millis(1)).await;
            }
            let kept = HeaderValue::from_static(kept);
            let started = start_response.start(StatusCode::OK);
            Ok::<_, Error>(
                started
                    .header(field::CACHE_CONTROL, kept)
                    .full(call.to_string()),
            )
        }
    })
}

fn together(kept: &'static str, patience: Duration) -> (usize, Vec<String>) {
    let (calls, go) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let cache = PageCache::new(Memory::new(1 << 20)).patience(patience);
    let app = Arc::new(gathering(calls.clone(), go.clone(), 1, kept).with(cache));
    let ask = |app| Client::new(app).get("/").send().text();
    let texts = std::thread::scope(|scope| {
        let first = scope.spawn(|| ask(app.clone()));
        until(|| calls.load(Ordering::SeqCst) == 1);
        let others: Vec<_> = (0..4).map(|_| scope.spawn(|| ask(app.clone()))).collect();
        if patience < PATIENCE {
            // They lose it while the first is on its way.
            until(|| calls.load(Ordering::SeqCst) == 5);
        }
        go.store(1, Ordering::SeqCst);
        let all = std::iter::once(first).chain(others);
        all.map(|thread| thread.join().unwrap()).collect()
    });
    (calls.load(Ordering::SeqCst), texts)
}

#[test]
fn one_call_serves_all_who_wait() {
    let (calls, texts) = together("max-age=60", PATIENCE);
    assert_eq!((calls, texts), (1, vec!["1".to_owned(); 5]));
}

#[test]
fn what_cannot_be_kept_holds_nobody() {
    let (calls, mut texts) = together("no-store", PATIENCE);
    texts.sort_unstable();
    assert_eq!((calls, texts.join("")), (5, "12345".to_owned()));
}

#[test]
fn nobody_waits_for_ever() {
    let (calls, _) = together("no-store", Duration::from_millis(1));
    assert_eq!(calls, 5);
}

/// Makes a call that is held, and does something meanwhile; tells what both saw.
fn during(
    store: impl super::Store + 'static,
    held: usize,
    kept: &'static str,
    method: Method,
) -> [String; 3] {
    let (calls, go) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let cache = PageCache::new(store);
    let app = Arc::new(gathering(calls.clone(), go.clone(), held, kept).with(cache));
    let client = Client::new(app.clone());
    for _ in 1..held {
        client.get("/").send();
    }
    let (first, meanwhile) = std::thread::scope(|scope| {
        let first = scope.spawn(|| Client::new(app.clone()).get("/").send().text());
        until(|| calls.load(Ordering::SeqCst) >= held);
        let meanwhile = client.request(method, "/").send().text();
        go.store(1, Ordering::SeqCst);
        (first.join().unwrap(), meanwhile)
    });
    [first, meanwhile, client.get("/").send().text()]
}

#[test]
fn a_stale_page_is_given_out_while_a_new_one_is_brought() {
    let kept = "max-age=60, stale-while-revalidate=5000";
    let store = Aging(Memory::new(1 << 20), AtomicUsize::new(1));
    assert_eq!(during(store, 2, kept, Method::GET), ["2", "1", "2"]);
}

/// Makes so many pages older than they are.
struct Aging(Memory, AtomicUsize);

impl super::Store for Aging {
    fn get(&self, ask: &super::Ask<'_>) -> Option<Arc<super::Page>> {
        self.0.get(ask)
    }

    fn insert(&self, mut page: Arc<super::Page>) {
        let left = &self.1;
        if left.load(Ordering::SeqCst) > 0 {
            left.fetch_sub(1, Ordering::SeqCst);
            Arc::get_mut(&mut page).expect("it is new").aged += 1000;
        }
        self.0.insert(page);
    }

    fn remove(&self, ask: &super::Ask<'_>) {
        self.0.remove(ask);
    }
}

#[test]
fn a_page_that_was_forgotten_on_its_way_is_not_kept() {
    let store = Memory::new(1 << 20);
    let seen = during(store, 1, "max-age=60", Method::POST);
    assert_eq!(seen, ["1", "2", "3"]);
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
