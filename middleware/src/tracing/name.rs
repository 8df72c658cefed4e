//! The name of a span, which only a router inside tells.

use rgi_core::Environ;
use tracing::Span;

use crate::method::method_name;
#[cfg(feature = "router")]
use crate::router::Matched;

/// What a span is named by: method and route.
pub(super) struct Name {
    method: &'static str,
    #[cfg(feature = "router")]
    matched: Matched,
}

impl Name {
    pub(super) fn new(environ: &mut Environ) -> Name {
        Name {
            method: method_name(environ.method()),
            #[cfg(feature = "router")]
            matched: Matched::watch(environ),
        }
    }

    pub(super) fn record(&self, span: &Span) {
        // As OpenTelemetry's conventions have it, of one that is not known.
        let method = match self.method {
            "_OTHER" => "HTTP",
            method => method,
        };
        #[cfg(feature = "router")]
        if let Some(route) = self.matched.route() {
            span.record("http.route", route.pattern());
            span.record(
                "otel.name",
                tracing::field::display(format_args!("{method} {route}")),
            );
            return;
        }
        span.record("otel.name", method);
    }
}
