//! The conformance suite.

use rgi_core::server::Server;
use rgi_prefork::Prefork;

rgi_conformance::suite!(|config, site, listeners, stop| {
    Prefork::new(config).serve(site, listeners, stop)
});
