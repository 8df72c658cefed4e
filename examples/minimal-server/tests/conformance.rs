//! The conformance suite.

use minimal_server::MinimalServer;
use rgi_core::server::Server;

rgi_conformance::suite!(|config, site, listeners, stop| {
    MinimalServer(config).serve(site, listeners, stop)
});
