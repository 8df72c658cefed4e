//! The conformance suite.

use rgi_core::server::Server;
use rgi_evented::Evented;

rgi_conformance::suite!(|config, site, listeners, stop| {
    Evented::new(config).serve(site, listeners, stop)
});
