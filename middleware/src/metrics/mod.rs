//! Counts requests, and tells Prometheus.
//!
//! ```
//! use rgi_core::{App, AppExt, BoxApp, Environ, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::Metrics;
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("hi")
//! }
//!
//! let metrics = Metrics::new();
//! let (page, app) = (metrics.page().erased(), app_fn(hello).with(&metrics).erased());
//! let site = app_fn(move |environ: Environ, start_response: StartResponse| {
//!     let app = if environ.path_info() == "/metrics" { &page } else { &app };
//!     app.call(environ, start_response)
//! });
//! let client = testing::Client::new(site);
//! client.get("/").send();
//! let text = client.get("/metrics").send().text();
//! let count = "http_server_request_duration_seconds_count\
//!     {http_request_method=\"GET\",http_response_status_code=\"200\"} 1\n";
//! assert!(text.contains(count), "{text}");
//! ```

mod by;
mod histogram;
mod input;
mod numbers;
mod page;
mod process;
mod table;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;
use std::sync::Arc;

use rgi_core::{App, Environ, Middleware, StartResponse};

use crate::method::method_name;
use crate::observed::{HeadTime, ObservedBody};
use by::By;
use numbers::Numbers;
pub use page::MetricsPage;

/// Counts requests: how many, how long they take, how they end. [`page`](Self::page) tells the numbers.
///
/// They belong to the value: all that is wrapped by it or by its clones is counted together.
///
/// | name | is |
/// |---|---|
/// | `http_server_request_duration_seconds` | histogram: from the call to the end of the exchange; its `_count` is the number of requests |
/// | `http_server_time_to_head_seconds` | histogram: from the call until the application let its head go, with which the first bytes are sent |
/// | `http_server_active_requests` | gauge: under way |
/// | `http_server_outcomes_total` | counter, by `outcome`: `sent`; `refused`: it failed, and the server answered; `truncated`: it failed after its head was sent; `disconnected`: the client left |
/// | `http_server_request_body_bytes_total` | counter: of bodies, as far as they were read |
/// | `http_server_response_body_bytes_total` | counter: of payload, without heads and framing |
/// | `rgi_connections` | gauge: open, the idle ones too |
/// | `rgi_blocking_threads` | gauge, by `state`: threads of the [pool](Environ::pool) that blocking applications run on that are `busy`, `idle`, or could still be made: `free` |
/// | `rgi_blocking_waiting` | gauge: what waits for such a thread |
/// | `rgi_server_info` | 1, with the server's `software` and facts as labels |
/// | `rgi_worker_info` | 1, with the process that answers as labels: its `pid`, and which `worker` it is where workers [have numbers](rgi_core::ServerInfo::process) |
/// | `process_start_time_seconds` | gauge: when that process began, since 1970; on Linux |
///
/// What the server does not say is not there.
///
/// The durations have the labels `http_request_method` (`_OTHER` for one that is not known),
/// `http_response_status_code`, unless nothing was sent, and `http_route`, if [something says
/// it](Self::by). The first is named, and has bounds, by OpenTelemetry's conventions. How many series
/// there may be is bounded, too: of 512 routes, further ones are `_OTHER`; and 2048 in all, what is beyond
/// is one without these labels.
///
/// Nothing is locked to count: a request costs some atomic additions.
///
/// # Processes
///
/// Each worker process (`--processes`, prefork) has numbers of its own, and a scraper reaches any of
/// them. Where [other processes serve the same application](rgi_core::ServerInfo::multiprocess), each
/// series has the label `pid`, which keeps them apart, and `rgi_worker_info` says which worker that is. In one
/// process all workers of a server count together, if they were given the same value: make it where the
/// program begins, and not in a factory, which is called in each of them.
#[derive(Clone)]
pub struct Metrics {
    numbers: Arc<Numbers>,
    by: By,
}

impl Metrics {
    /// Numbers that begin at 0.
    pub fn new() -> Metrics {
        Metrics {
            numbers: Arc::new(Numbers::new()),
            by: By::Nothing,
        }
    }

    /// Has each request counted under the pattern that a [`Router`](crate::Router) inside finds for it, as
    /// its route.
    #[cfg(feature = "router")]
    pub fn by_route(mut self) -> Metrics {
        self.by = By::Route;
        self
    }

    /// Has each request counted under what this says of it, as its route: never something that clients
    /// choose, like the path. For a request of which it says nothing there is no label.
    ///
    /// ```
    /// # use rgi_middleware::Metrics;
    /// let metrics = Metrics::new().by(|environ| Some(environ.script_name()));
    /// ```
    pub fn by(mut self, label: for<'a> fn(&'a Environ) -> Option<&'a str>) -> Metrics {
        self.by = By::Label(label);
        self
    }

    /// An application that tells the numbers, in Prometheus' text format. It answers GET and HEAD, and
    /// is to be where clients are not.
    pub fn page(&self) -> MetricsPage {
        MetricsPage::new(self.numbers.clone())
    }
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl<A: App> Middleware<A> for Metrics {
    type App = MetricsApp<A>;

    fn wrap(&self, inner: A) -> MetricsApp<A> {
        MetricsApp {
            inner,
            metrics: self.clone(),
        }
    }
}

/// An application whose requests are counted.
#[derive(Clone, Debug)]
pub struct MetricsApp<A> {
    inner: A,
    metrics: Metrics,
}

impl<A: App> App for MetricsApp<A> {
    type Body = ObservedBody<A::Body>;

    fn call(&self, mut environ: Environ, start_response: StartResponse) -> Self::Body {
        let head = self.metrics.begin(&mut environ);
        ObservedBody::new(self.inner.call(environ, start_response), Some(head))
    }
}

impl Metrics {
    /// What is begun is ended by a hook, which always runs.
    fn begin(&self, environ: &mut Environ) -> Arc<HeadTime> {
        let numbers = self.numbers.clone();
        let (method, found) = (
            method_name(environ.method()),
            self.by.find(environ, &numbers),
        );
        numbers.begin();
        environ.map_input(|input| input::counted(input, &numbers));
        let head = Arc::new(HeadTime::new());
        let seen = head.clone();
        environ.on_finish(move |outcome| {
            numbers.end(numbers.route_of(found), method, &seen.ending(outcome));
        });
        head
    }
}
