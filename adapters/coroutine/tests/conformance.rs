//! The conformance suite.

use rgi_core::server::Server;
use rgi_coroutine::Coroutine;

rgi_conformance::suite!(|config, site, listeners, stop| {
    Coroutine::new(config).serve(site, listeners, stop)
});
