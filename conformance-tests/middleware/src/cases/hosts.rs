//! Applications by host.

use rgi_conformance::Case;
use rgi_core::{BoxBody, Environ, StartResponse, StatusCode, app_fn};
use rgi_middleware::Hosts;

pub(super) const CASES: &[Case] = &[Case {
    name: "hosts_choose_the_application",
    says: "the host that was asked for chooses, whatever its case and port; others are answered 421",
    app: hosts,
    client: |c| {
        c.send("GET {root}/ HTTP/1.1\r\nHost: Example.Org:8080\r\n{case}\r\n");
        c.answer();
        c.send("GET {root}/ HTTP/1.1\r\nHost: www.example.org\r\n{case}\r\n");
        c.answer();
        // The target's authority goes before Host (RFC 9112 3.2.2).
        c.send("GET http://example.org{root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
        c.answer();
        c.send("GET {root}/ HTTP/1.1\r\nHost: example.com\r\n{case}\r\n");
        c.answer();
    },
    expect: r#"
        200
        content-length: 6
        "itself"
        200
        content-length: 5
        "below"
        200
        content-length: 6
        "itself"
        421
        content-length: 24
        content-type: text/plain; charset=utf-8
        "421 Misdirected Request\n"
    "#,
    ..Case::WIRE
}];

fn hosts(environ: Environ, start_response: StartResponse) -> BoxBody {
    let named = |name: &'static str| {
        app_fn(move |_, start_response: StartResponse| {
            start_response.start(StatusCode::OK).full(name)
        })
    };
    let hosts = Hosts::new()
        .host("example.org", named("itself"))
        .host("*.example.org", named("below"))
        .build();
    match hosts {
        Ok(hosts) => super::call(hosts, environ, start_response),
        Err(error) => panic!("{error}"),
    }
}
