//! Numbers in Prometheus' text format, version 0.0.4.

use std::fmt::{Display, Write};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use rgi_core::Environ;

use super::histogram::{BOUNDS, Histogram};
use super::numbers::{Numbers, OUTCOMES, Series};
use super::process::began;

/// A page in the making.
pub(super) struct Text {
    text: String,
    pid: Option<u32>,
}

type Labels<'a> = &'a [(&'a str, &'a str)];

impl Text {
    /// With the label `pid` in each series, if there is one.
    pub(super) fn new(pid: Option<u32>) -> Text {
        let text = String::new();
        Text { text, pid }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    /// What the middleware counts.
    pub(super) fn numbers(&mut self, numbers: &Numbers) {
        let count = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let name = "http_server_request_duration_seconds";
        self.family(
            name,
            "histogram",
            "From the call to the end of the exchange.",
        );
        let mut all: Vec<_> = numbers
            .series
            .iter()
            .map(|it| (labels(numbers, it), &it.took))
            .collect();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        for (labels, took) in all {
            self.histogram(name, &labels, took);
        }
        if numbers.rest.counts()[BOUNDS.len()] > 0 {
            self.histogram(name, &[], &numbers.rest);
        }

        let name = "http_server_time_to_head_seconds";
        self.family(
            name,
            "histogram",
            "From the call until the application let its head go.",
        );
        self.histogram(name, &[], &numbers.head);

        let name = "http_server_active_requests";
        self.family(name, "gauge", "Requests under way.");
        self.sample(name, &[], count(&numbers.in_flight));

        let name = "http_server_outcomes_total";
        self.family(name, "counter", "Exchanges by how they ended.");
        for (outcome, number) in OUTCOMES.iter().zip(&numbers.outcomes) {
            self.sample(name, &[("outcome", outcome)], count(number));
        }

        let name = "http_server_request_body_bytes_total";
        self.family(name, "counter", "Bytes read of the bodies of requests.");
        self.sample(name, &[], count(&numbers.received));

        let name = "http_server_response_body_bytes_total";
        self.family(name, "counter", "Bytes of payload sent.");
        self.sample(name, &[], count(&numbers.sent));
    }

    /// What the server says of itself.
    pub(super) fn server(&mut self, environ: &Environ) {
        if let Some(load) = environ.load() {
            let name = "rgi_connections";
            self.family(name, "gauge", "Connections that are open.");
            self.sample(name, &[], load.connections);
        }
        if let Some(pool) = environ.pool() {
            let name = "rgi_blocking_threads";
            self.family(name, "gauge", "Threads that may block.");
            for (state, threads) in [
                ("busy", pool.threads.saturating_sub(pool.idle)),
                ("idle", pool.idle),
                ("free", pool.most.saturating_sub(pool.threads)),
            ] {
                self.sample(name, &[("state", state)], threads);
            }
            let name = "rgi_blocking_waiting";
            self.family(name, "gauge", "What waits for such a thread.");
            self.sample(name, &[], pool.waiting);
        }
        let name = "rgi_server_info";
        self.family(name, "gauge", "The server, and what it says of itself.");
        let server = environ.server();
        let fact = |is: bool| if is { "true" } else { "false" };
        let facts = [
            ("software", server.software),
            ("multithread", fact(server.multithread)),
            ("multiprocess", fact(server.multiprocess)),
            ("may_block", fact(server.may_block)),
            ("http2", fact(server.http2)),
        ];
        self.sample(name, &facts, 1);
    }

    /// Which process it is that says all this, and since when it is there.
    pub(super) fn process(&mut self, environ: &Environ) {
        let name = "rgi_worker_info";
        self.family(name, "gauge", "The process that answers.");
        let number = environ.server().process.map(|number| number.to_string());
        let number = number.as_deref().map(|number| ("worker", number));
        let pid = process::id().to_string();
        // Where each sample has it, this one does anyway.
        let pid = self.pid.is_none().then_some(("pid", pid.as_str()));
        let labels: Vec<_> = number.into_iter().chain(pid).collect();
        self.sample(name, &labels, 1);
        if let Some(began) = began() {
            let name = "process_start_time_seconds";
            self.family(name, "gauge", "When the process began, since 1970.");
            self.sample(name, &[], began);
        }
    }

    /// What is to be said of a name, once, before its samples.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn histogram(&mut self, name: &str, labels: Labels<'_>, histogram: &Histogram) {
        let counts = histogram.counts();
        let bounds = BOUNDS.iter().map(|(text, _)| *text).chain(["+Inf"]);
        let bucket = format!("{name}_bucket");
        for (bound, count) in bounds.zip(counts) {
            let labels: Vec<_> = labels.iter().copied().chain([("le", bound)]).collect();
            self.sample(&bucket, &labels, count);
        }
        self.sample(&format!("{name}_sum"), labels, histogram.sum());
        self.sample(&format!("{name}_count"), labels, counts[BOUNDS.len()]);
    }

    fn sample(&mut self, name: &str, labels: Labels<'_>, value: impl Display) {
        self.text.push_str(name);
        let pid = self.pid.map(|pid| pid.to_string());
        let pid = pid.as_deref().map(|pid| ("pid", pid));
        let mut mark = '{';
        for (name, value) in labels.iter().copied().chain(pid) {
            self.text.push(mark);
            self.text.push_str(name);
            self.text.push_str("=\"");
            self.label(value);
            self.text.push('"');
            mark = ',';
        }
        if mark == ',' {
            self.text.push('}');
        }
        self.line(format_args!(" {value}"));
    }

    /// The value of a label, escaped.
    fn label(&mut self, value: &str) {
        for c in value.chars() {
            match c {
                '\\' => self.text.push_str("\\\\"),
                '"' => self.text.push_str("\\\""),
                '\n' => self.text.push_str("\\n"),
                c => self.text.push(c),
            }
        }
    }

    fn line(&mut self, text: impl Display) {
        let _ = writeln!(self.text, "{text}");
    }
}

/// What the requests of a series have in common.
fn labels<'a>(numbers: &'a Numbers, series: &'a Series) -> Vec<(&'a str, &'a str)> {
    let mut labels = vec![("http_request_method", series.kind.method)];
    if let Some(status) = &series.kind.status {
        labels.push(("http_response_status_code", status.as_str()));
    }
    if let Some(route) = numbers.label(series.kind.route) {
        labels.push(("http_route", route));
    }
    labels
}
