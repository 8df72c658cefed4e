//! The conformance suite where the pool is one thread.

use rgi_core::server::Server;
use rgi_threaded::Threaded;

rgi_conformance::suite!(|config, site, listeners, stop| {
    Threaded::new(config).serve(site, listeners, stop)
});
