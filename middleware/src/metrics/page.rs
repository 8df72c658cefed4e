//! The page that a scraper asks for.

use std::fmt;
use std::process;
use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode};
use rgi_core::{App, Environ, Full, StartResponse, field, media};

use super::numbers::Numbers;
use super::text::Text;

/// Version 0.0.4 of Prometheus' text format.
const TEXT_FORMAT: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Tells the numbers of a [`Metrics`](super::Metrics), wherever it is asked.
#[derive(Clone)]
pub struct MetricsPage(Arc<Numbers>);

impl MetricsPage {
    pub(super) fn new(numbers: Arc<Numbers>) -> MetricsPage {
        MetricsPage(numbers)
    }
}

impl fmt::Debug for MetricsPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsPage").finish_non_exhaustive()
    }
}

impl App for MetricsPage {
    type Body = Full;

    fn call(&self, environ: Environ, start_response: StartResponse) -> Full {
        if !matches!(*environ.method(), Method::GET | Method::HEAD) {
            return start_response
                .start(StatusCode::METHOD_NOT_ALLOWED)
                .header(field::ALLOW, HeaderValue::from_static("GET, HEAD"))
                .header(field::CONTENT_TYPE, media::TEXT_PLAIN)
                .full("405 Method Not Allowed\n");
        }
        let pid = environ.server().multiprocess.then(process::id);
        let mut text = Text::new(pid);
        text.numbers(&self.0);
        text.server(&environ);
        text.process(&environ);
        start_response
            .start(StatusCode::OK)
            .header(field::CONTENT_TYPE, TEXT_FORMAT)
            .header(field::CACHE_CONTROL, HeaderValue::from_static("no-store"))
            .full(text.into_bytes())
    }
}
