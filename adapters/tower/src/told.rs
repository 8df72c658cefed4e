//! What a service is told beside the message, among the request's extensions.

use http::Extensions;
use rgi_core::server::Connection;
use rgi_core::{Environ, Facts, Peer};

/// Puts in what the environ tells.
pub(crate) fn tell(extensions: &mut Extensions, environ: &Environ) {
    extensions.insert(environ.connection().clone());
    extensions.insert(environ.peer());
    extensions.insert(environ.facts());
}

/// Takes it out again, for an environ that tells by itself.
pub(crate) fn untell(extensions: &mut Extensions) {
    extensions.remove::<Connection>();
    extensions.remove::<Peer>();
    extensions.remove::<Facts>();
}
