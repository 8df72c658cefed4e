//! The conformance suite.

use rgi_core::server::Server;
use rgi_actix::Actix;

rgi_conformance::suite!(|config, site, listeners, stop| {
    Actix::new(config).serve(site, listeners, stop)
});
