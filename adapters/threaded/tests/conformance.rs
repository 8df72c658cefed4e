//! The conformance suite.

use rgi_core::server::Server;
use rgi_threaded::Threaded;

rgi_conformance::suite!(|config, site, listeners, stop| {
    let mut config = config;
    // As many as are in the application at once in any case.
    config.threads = 8;
    Threaded::new(config).serve(site, listeners, stop)
});
