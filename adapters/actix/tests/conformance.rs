//! The conformance suite.

use rgi_actix::Actix;
use rgi_core::server::Server;

rgi_conformance::suite!(|config, site, listeners, stop| {
    Actix::new(config).serve(site, listeners, stop)
});
