//! The conformance suite where no body is gathered: the application is called as soon as its head is
//! there, and reads as the body comes.

use rgi_core::server::Server;
use rgi_threaded::Threaded;

rgi_conformance::suite!(|config, site, listeners, stop| {
    let mut config = config;
    config.threads = 8;
    config.buffer_body = 0;
    Threaded::new(config).serve(site, listeners, stop)
});
