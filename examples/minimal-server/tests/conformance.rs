//! The conformance suite.

use rgi_core::server::Server;
use rgi_minimal_server::MinimalServer;

rgi_conformance::suite!(|config, site, listeners, stop| {
    MinimalServer(config).serve(site, listeners, stop)
});
