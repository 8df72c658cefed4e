use http::{HeaderMap, header};
use rgi_core::testing::{Client, Reply};
use rgi_core::{App, Full, StartResponse, StatusCode, app_fn};

use super::{Hosts, HostsApp};

fn named(name: &'static str) -> impl App<Body = Full> + Send + Sync {
    app_fn(move |_, start_response: StartResponse| start_response.start(StatusCode::OK).full(name))
}

fn ask<A: App>(client: &Client<A>, host: &str) -> Reply {
    let host = (header::HOST, host.parse().unwrap());
    let request = client.get("/");
    request.headers(HeaderMap::from_iter([host])).send()
}

fn client(hosts: Hosts) -> Client<HostsApp> {
    Client::new(hosts.build().unwrap())
}

#[test]
fn the_most_exact_host_has_it() {
    let client = client(
        Hosts::new()
            .host("*.example.org", named("below"))
            .host("Example.ORG", named("itself"))
            .host("www.example.org", named("www"))
            .host("*.www.example.org", named("below www"))
            .host("[::1]", named("six"))
            .host("127.0.0.1", named("four")),
    );
    for (host, name) in [
        ("example.org", "itself"),
        ("EXAMPLE.org.", "itself"),
        ("example.org:8080", "itself"),
        ("example.org.:80", "itself"),
        ("www.example.org", "www"),
        ("a.example.org", "below"),
        ("a.B.example.org:1", "below"),
        ("a.www.example.org", "below www"),
        ("[::1]", "six"),
        ("[::1]:8000", "six"),
        ("127.0.0.1:8000", "four"),
    ] {
        assert_eq!(ask(&client, host).text(), name, "{host}");
    }
    for host in [
        "",
        "org",
        "example.com",
        "xexample.org",
        ".example.org",
        "*.org",
        "[::2]",
    ] {
        assert_eq!(ask(&client, host).status(), 421, "{host}");
    }
}

#[test]
fn others_have_the_other_hosts() {
    let hosts = Hosts::new().host("example.org", named("it"));
    let client = client(hosts.fallback(named("others")));
    assert_eq!(ask(&client, "example.org").text(), "it");
    assert_eq!(ask(&client, "example.com").text(), "others");
}

#[test]
fn what_is_no_host_says_so() {
    for host in [
        "",
        "*",
        "*.",
        "a.*.org",
        "http://a.org",
        "a.org:80",
        "a@b.org",
        "a.org.",
    ] {
        let text = Hosts::new().host(host, named("")).build().unwrap_err();
        assert!(
            text.to_string()
                .starts_with(&format!("`{host}` is no host"))
        );
    }
    let twice = Hosts::new()
        .host("a.org", named(""))
        .host("A.org", named(""));
    let text = twice.build().unwrap_err().to_string();
    assert_eq!(text, "the host `A.org` has two applications");
}

#[test]
fn it_is_send_when_what_it_holds_is() {
    fn send<A: App<Body: Send> + Send + Sync>(_: A) {}
    send(Hosts::new().host("a.org", named("")).build().unwrap());
    let here = std::rc::Rc::new("here");
    let app = app_fn(move |_, start_response: StartResponse| {
        start_response.start(StatusCode::OK).full(*here)
    });
    let client = Client::new(Hosts::local().host("a.org", app).build().unwrap());
    assert_eq!(ask(&client, "a.org").text(), "here");
}
