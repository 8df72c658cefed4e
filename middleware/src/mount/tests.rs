use rgi_core::testing::Client;
use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn};

use super::Mount;

fn place(environ: Environ, start_response: StartResponse) -> Full {
    let (script_name, path_info) = (environ.script_name(), environ.path_info());
    let text = format!("{script_name}|{path_info} {}", environ.url());
    start_response.start(StatusCode::OK).full(text)
}

fn other(environ: Environ, start_response: StartResponse) -> Full {
    let text = format!("other {}", environ.path_info());
    start_response.start(StatusCode::OK).full(text)
}

#[test]
fn what_was_matched_moves() {
    let client = Client::new(app_fn(place).with(Mount::at("/a/b")));
    for (path, told) in [
        ("/a/b", "/a/b| http://test.invalid/a/b"),
        ("/a/b/", "/a/b|/ http://test.invalid/a/b/"),
        ("/a/b//c%2F", "/a/b|//c%2F http://test.invalid/a/b//c%2F"),
    ] {
        assert_eq!(client.get(path).send().text(), told);
    }
    for path in ["/", "/a", "/a/bc", "/a%2Fb", "/A/b", "//a/b"] {
        let reply = client.get(path).send();
        assert_eq!(
            (reply.status(), reply.text().as_str()),
            (404, "404 Not Found\n")
        );
    }
}

#[test]
fn mounts_nest_below_what_the_server_mounted() {
    let app = app_fn(place).with((Mount::at("/a"), Mount::at("/b")));
    let client = Client::new(app).mounted("/top");
    let told = "/top/a/b|/c http://test.invalid/top/a/b/c";
    assert_eq!(client.get("/top/a/b/c").send().text(), told);
    assert_eq!(client.get("/top/b/a").send().status(), 404);
}

#[test]
fn others_have_what_lies_outside() {
    let app = app_fn(place).with(Mount::at("/a")).or(app_fn(other));
    assert_eq!(Client::new(app).get("/b/a").send().text(), "other /b/a");
}

#[test]
#[should_panic(expected = "the prefix `/a/` is not of the form `/a/b`")]
fn a_prefix_with_a_slash_behind_it() {
    Mount::at("/a/");
}
