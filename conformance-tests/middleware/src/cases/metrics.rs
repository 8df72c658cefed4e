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
        name: "metrics_say_who_answers_and_how_busy_it_is",
        says: "a page names the process, and has of the server what that says: its connections, its threads",
        app: |environ, start_response| {
            let (load, pool) = (environ.load().is_some(), environ.pool().is_some());
            let page = Metrics::new().page().map_data(move |page| {
                let told = |name: &str| has(&page, name);
                let (connections, threads) =
                    (told("rgi_connections"), told("rgi_blocking_threads"));
                let gauges = (connections, threads) == (load, pool);
                let worker = has_pid(&page, "rgi_worker_info");
                Ok(format!("gauges: {gauges}, worker: {worker}").into())
            });
            super::call(page, environ, start_response)
        },
        client: |c| {
            c.get("/");
        },
        expect: r#"
            200
            cache-control: no-store
            content-length: 26
            content-type: text/plain; version=0.0.4; charset=utf-8
            "gauges: true, worker: true"
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

/// Whether a page has samples of this name.
fn has(page: &Bytes, name: &str) -> bool {
    String::from_utf8_lossy(page)
        .lines()
        .any(|line| line.starts_with(name))
}

/// Whether its samples have this process as their label.
fn has_pid(page: &Bytes, name: &str) -> bool {
    let pid = format!("pid=\"{}\"", std::process::id());
    String::from_utf8_lossy(page)
        .lines()
        .any(|line| line.starts_with(name) && line.contains(&pid))
}

/// The one line that is the same on every server, where several processes have it without their label.
fn active(page: Bytes) -> Result<Bytes, Error> {
    let text = String::from_utf8_lossy(&page);
    let is_active = |line: &&str| line.starts_with("http_server_active_requests");
    let pid = format!("{{pid=\"{}\"}}", std::process::id());
    let lines = text.split_inclusive('\n').filter(is_active);
    Ok(lines.collect::<String>().replace(&pid, "").into())
}
