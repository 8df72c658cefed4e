//! Numbers for Prometheus.

use rgi_conformance::Case;
use rgi_core::{AppExt, Bytes, Error};
use rgi_middleware::Metrics;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "metrics_are_told_on_a_page",
        says: "a page in Prometheus' text format tells the numbers, here of itself",
        app: |environ, start_response| {
            let metrics = Metrics::new();
            let page = metrics.page().with(&metrics);
            super::call(page.map_data(active), environ, start_response)
        },
        client: |c| {
            c.get("/");
        },
        expect: r#"
            200
            cache-control: no-store
            content-length: 30
            content-type: text/plain; version=0.0.4; charset=utf-8
            "http_server_active_requests 1\n"
        "#,
        ..Case::APP
    },
    Case {
        name: "metrics_are_for_reading",
        says: "the page answers GET and HEAD alone",
        app: |environ, start_response| {
            let page = Metrics::new().page();
            super::call(page, environ, start_response)
        },
        client: |c| {
            c.ask("POST", "/").body("x").send();
        },
        expect: r#"
            405
            allow: GET, HEAD
            content-length: 23
            content-type: text/plain; charset=utf-8
            "405 Method Not Allowed\n"
        "#,
        ..Case::APP
    },
];

/// The one line that is the same on every server, where several processes have it without their label.
fn active(page: Bytes) -> Result<Bytes, Error> {
    let text = String::from_utf8_lossy(&page);
    let is_active = |line: &&str| line.starts_with("http_server_active_requests");
    let pid = format!("{{pid=\"{}\"}}", std::process::id());
    let lines = text.split_inclusive('\n').filter(is_active);
    Ok(lines.collect::<String>().replace(&pid, "").into())
}
