use http::Method;
use proptest::prelude::*;
use rgi_core::testing::{Client, Reply};
use rgi_core::{App, AppExt, Environ, Error, Full, StartResponse, StatusCode, app_fn};

use super::{Matched, Params, Route, Router, RouterApp, param};

/// Says what it was told.
fn told(environ: Environ, start_response: StartResponse) -> Full {
    let route = environ.extensions().get::<Route>();
    let route = route.map_or("none", Route::pattern);
    let params = environ.extensions().get::<Params>();
    let params: Vec<_> = params.iter().flat_map(|params| params.iter()).collect();
    let (script_name, path_info) = (environ.script_name(), environ.path_info());
    let method = environ.method();
    let text = format!("{method} {script_name}|{path_info} {route} {params:?}");
    start_response.start(StatusCode::OK).full(text)
}

fn named(name: &'static str) -> impl App<Body = Full> + Send + Sync {
    app_fn(move |_, start_response: StartResponse| start_response.start(StatusCode::OK).full(name))
}

fn client(router: Router) -> Client<RouterApp> {
    Client::new(router.build().unwrap())
}

fn wrong(router: Router) -> String {
    router.build().unwrap_err().to_string()
}

fn allow(reply: &Reply) -> (u16, Option<&str>) {
    (reply.status(), reply.header("allow"))
}

#[test]
fn what_is_written_out_goes_before_parameters() {
    let client = client(
        Router::new()
            .get("/{*rest}", named("rest"))
            .get("/users/{id}", named("parameter"))
            .get("/users/{id}.txt", named("suffix"))
            .get("/users/new", named("written"))
            .get("/", named("root")),
    );
    for (path, name) in [
        ("/", "root"),
        ("/users/new", "written"),
        ("/users/7", "parameter"),
        ("/users/7.txt", "suffix"),
        ("/users/7/", "rest"),
        ("/users/", "rest"),
        ("/users", "rest"),
    ] {
        assert_eq!(client.get(path).send().text(), name, "{path}");
    }
}

#[test]
fn values_are_decoded_and_paths_are_not() {
    let client = client(
        Router::new()
            .get("/a/{one}/{*rest}", app_fn(told))
            .get("/caf%C3%A9", named("café")),
    );
    let reply = client.get("/a/x%2Fy+z%25/b%20c/d%E2%82%AC").send();
    let text = "GET |/a/x%2Fy+z%25/b%20c/d%E2%82%AC /a/{one}/{*rest} \
                [(\"one\", \"x/y+z%\"), (\"rest\", \"b c/d€\")]";
    assert_eq!(reply.text(), text);
    assert_eq!(client.get("/a/%FF/b").send().status(), 400);
    assert_eq!(client.get("/caf%C3%A9").send().text(), "café");
    assert_eq!(client.get("/c%61f%C3%A9").send().status(), 404);
}

#[test]
fn methods_without_an_application() {
    let client = client(
        Router::new()
            .get("/both", app_fn(told))
            .delete("/both", app_fn(told))
            .post("/post", app_fn(told))
            .on(Method::HEAD, "/own", named("head"))
            .get("/own", named("get"))
            .on(Method::OPTIONS, "/options", named("options"))
            .get("/any", named("get"))
            .any("/any", app_fn(told)),
    );
    let both = Some("DELETE, GET, HEAD, OPTIONS");
    assert_eq!(allow(&client.post("/both").send()), (405, both));
    let reply = client.request(Method::OPTIONS, "/both").send();
    assert_eq!(allow(&reply), (204, both));
    assert_eq!(
        allow(&client.get("/post").send()),
        (405, Some("OPTIONS, POST"))
    );
    assert_eq!(client.head("/post").send().status(), 405);
    let reply = client.request(Method::OPTIONS, "/options").send();
    assert_eq!(reply.text(), "options");
    for method in [Method::PATCH, Method::OPTIONS, "BREW".parse().unwrap()] {
        let reply = client.request(method.clone(), "/any").send();
        assert_eq!(reply.text(), format!("{method} |/any /any []"));
    }
    assert_eq!(client.get("/any").send().text(), "get");
}

#[test]
fn head_is_answered_by_get_without_the_body() {
    let client = client(
        Router::new()
            .get("/", app_fn(told))
            .on(Method::HEAD, "/own", named("head"))
            .get("/own", named("four")),
    );
    let reply = client.head("/").send();
    assert_eq!((reply.status(), reply.text().as_str()), (200, ""));
    let length = "HEAD |/ / []".len() as u64;
    assert_eq!(reply.head().length(), Some(length));
    assert_eq!(client.head("/own").send().head().length(), Some(4));
}

#[test]
fn routers_inside_of_routers() {
    let inner = Router::new()
        .get("/", app_fn(told))
        .get("/users/{id}", app_fn(told));
    let outer = Router::new()
        .mount("/shops/{id}", inner.build().unwrap())
        .mount("/raw", app_fn(told))
        .get("/raw/exact", named("exact"))
        .fallback(named("fallback"));
    let client = client(outer);
    let ask = |path| client.get(path).send().text();
    assert_eq!(
        ask("/shops/a%20b/users/7"),
        "GET /shops/a%20b|/users/7 /shops/{id}/users/{id} [(\"id\", \"a b\"), (\"id\", \"7\")]"
    );
    assert_eq!(
        ask("/shops/1"),
        "GET /shops/1| /shops/{id}/ [(\"id\", \"1\")]"
    );
    assert_eq!(
        ask("/shops/1/"),
        "GET /shops/1|/ /shops/{id}/ [(\"id\", \"1\")]"
    );
    assert_eq!(client.get("/shops/1/2").send().status(), 404);
    assert_eq!(ask("/raw"), "GET /raw| /raw []");
    assert_eq!(ask("/raw//a"), "GET /raw|//a /raw []");
    assert_eq!(ask("/raw/exact"), "exact");
    assert_eq!(ask("/rawer"), "fallback");
}

#[test]
fn a_router_that_is_not_mounted_knows_its_own_patterns_alone() {
    let inner = Router::new().get("/a/{id}", app_fn(told)).build().unwrap();
    let client = client(Router::new().any("/{*all}", inner));
    assert_eq!(
        client.get("/a/1").send().text(),
        "GET |/a/1 /a/{id} [(\"all\", \"a/1\"), (\"id\", \"1\")]"
    );
}

#[test]
fn targets_without_a_path() {
    let client = client(Router::new().any("/", named("root")));
    assert_eq!(client.request(Method::OPTIONS, "*").send().status(), 204);
    let reply = client.get("/").send();
    assert_eq!(reply.text(), "root");
}

#[test]
fn patterns_that_are_wrong_say_so() {
    let get = |pattern| wrong(Router::new().get(pattern, named("")));
    assert_eq!(
        get("users"),
        "the pattern `users` does not begin with a slash, as each path does"
    );
    assert_eq!(
        get("/caf\u{e9}/{name}"),
        "the pattern `/caf\u{e9}/{name}` has `\u{e9}`, which paths are sent without: write `%C3%A9`"
    );
    assert!(get("/a?b").contains("for the path alone"));
    assert!(get("/a/{{b}}").contains("write `%7B`"));
    assert!(get("/a/{b").contains("without the other one"));
    assert!(get("/a/{}").contains("without a name"));
    assert!(get("/{a}-{b}").contains("two parameters in one segment"));
    assert!(get("/{*a}/b").contains("before its end"));
    assert!(get("/{a}/{a}").contains("two parameters of the name `a`"));
    let mount = |prefix| wrong(Router::new().mount(prefix, named("")));
    assert!(mount("/a/").contains("ends with a slash"));
    assert!(mount("/a/{*rest}").contains("what is mounted has that"));
}

#[test]
fn patterns_that_conflict_say_with_which() {
    let text = wrong(
        Router::new()
            .get("/users/{id}", named(""))
            .post("/users/{name}", named("")),
    );
    assert_eq!(
        text,
        "the pattern `/users/{name}` and `/users/{id}` match the same paths: have one application \
         for both, or tell them apart by what is written out"
    );
    let text = wrong(
        Router::new()
            .mount("/a", named(""))
            .get("/a/{*rest}", named("")),
    );
    assert!(text.contains("`/a/{*rest}` and `/a/..` match"), "{text}");
    let text = wrong(Router::new().mount("/a", named("")).mount("/a", named("")));
    assert!(text.contains("`/a` and `/a` match"), "{text}");
    let text = wrong(Router::new().get("/a", named("")).get("/a", named("")));
    assert_eq!(text, "the pattern `/a` has two applications for GET");
    let text = wrong(Router::new().any("/a", named("")).any("/a", named("")));
    assert_eq!(text, "the pattern `/a` has two applications for any method");
}

#[test]
fn what_matched_is_seen_from_outside() {
    let router = Router::new().get("/users/{id}", named("")).build().unwrap();
    let app = router.around(|router, mut environ, start_response| {
        let (one, other) = (Matched::watch(&mut environ), Matched::watch(&mut environ));
        let (start_response, fallback) = start_response.with_fallback();
        drop(router.call(environ, start_response));
        let seen = [one, other].map(|matched| matched.route().map(|route| route.to_string()));
        let started = fallback.start(StatusCode::OK, Error::new("for the test"));
        started.full(format!("{seen:?}"))
    });
    let client = Client::new(app);
    let text = r#"[Some("/users/{id}"), Some("/users/{id}")]"#;
    assert_eq!(client.get("/users/1").send().text(), text);
    assert_eq!(client.get("/").send().text(), "[None, None]");
}

/// A segment of a pattern, or of a path, of few kinds, so that many of them meet.
fn segments(kinds: &'static [&'static str]) -> impl Strategy<Value = String> {
    let segment = prop::sample::select(kinds);
    prop::collection::vec(segment, 1..5).prop_map(|all| format!("/{}", all.join("/")))
}

fn parts(text: &str) -> Vec<&str> {
    text.split('/').skip(1).collect()
}

/// The values of a pattern's parameters, if it matches a path: found without a tree.
fn values(pattern: &[&str], path: &[&str]) -> Option<Vec<String>> {
    match (pattern, path) {
        ([], []) => Some(Vec::new()),
        ([rest], [_, ..]) if rest.starts_with("{*") => {
            Some(vec![path.join("/")]).filter(|value| !value[0].is_empty())
        }
        ([part, pattern @ ..], [segment, path @ ..]) => {
            let mut found = match part.split_once("{x}") {
                None => (part == segment).then(Vec::new)?,
                Some((before, after)) => {
                    let value = segment.strip_prefix(before)?.strip_suffix(after)?;
                    (!value.is_empty()).then(|| vec![value.to_owned()])?
                }
            };
            found.extend(values(pattern, path)?);
            Some(found)
        }
        _ => None,
    }
}

proptest! {
    #[test]
    fn what_matches_is_found(
        patterns in prop::collection::vec(segments(&["a", "ab", "b", "{x}", "a{x}", "{*r}"]), 1..6),
        path in segments(&["a", "ab", "b", "abc", ""]),
    ) {
        // Each name once, and those that conflict are left out: what is right of that is tried above.
        let mut router = Router::new();
        let mut known: Vec<String> = Vec::new();
        for pattern in patterns {
            let mut more = known.clone();
            more.push(pattern.clone());
            let with = |router: Router, pattern: &String| router.get(pattern, app_fn(told));
            if more.iter().fold(Router::new(), with).build().is_ok() {
                router = with(router, &pattern);
                known = more;
            }
        }
        let text = client(router).get(&path).send().text();
        let found: Vec<_> = known
            .iter()
            .filter_map(|pattern| Some((pattern, values(&parts(pattern), &parts(&path))?)))
            .collect();
        if found.is_empty() {
            prop_assert_eq!(text, "404 Not Found\n");
        } else {
            let fits = |(pattern, values): &(&String, Vec<String>)| {
                let names = super::patterns::names(pattern);
                let params: Vec<_> = names.iter().map(|name| &**name).zip(values).collect();
                text == format!("GET |{path} {pattern} {params:?}")
            };
            prop_assert!(found.iter().any(fits), "{} is none of {:?}", text, found);
        }
    }
}

#[test]
fn it_is_send_when_what_it_holds_is() {
    fn send<A: App<Body: Send> + Send + Sync>(_: A) {}
    send(Router::new().get("/", named("")).build().unwrap());
    let here = std::rc::Rc::new("here");
    let app = app_fn(move |environ: Environ, start_response: StartResponse| {
        let name = param(&environ, "name").unwrap_or_default();
        let text = format!("{here} {name}");
        start_response.start(StatusCode::OK).full(text)
    });
    let router = Router::local().get("/{name}", app).build().unwrap();
    assert_eq!(Client::new(router).get("/I").send().text(), "here I");
}
