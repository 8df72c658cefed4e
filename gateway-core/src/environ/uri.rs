//! The target in the terms of `http`, which holds less than a server lets through.

use http::{StatusCode, Uri};

use super::Environ;
use crate::Error;

impl Environ {
    /// The target as an `http::Uri`, made when first asked for. Its path is the one that was sent:
    ///
    /// - a backtick, which [`PATH`](crate::server::syntax::PATH) has and `http` has not, is `%60`;
    /// - an authority that `http` does not hold, one with a `%`, is left out: it stands in Host;
    /// - a target that cannot be held all the same is `*`, which is no path; see
    ///   [`try_uri`](Self::try_uri).
    pub fn uri(&self) -> &Uri {
        self.inner()
            .uri
            .get_or_init(|| held(self).unwrap_or(Uri::from_static("*")))
    }

    /// As [`uri`](Self::uri), for whoever decides or routes by it.
    ///
    /// # Errors
    ///
    /// For a target that `http` does not hold: one of more than 65,534 bytes (414), and CONNECT to an
    /// authority with a `%` in it (400).
    pub fn try_uri(&self) -> Result<&Uri, Error> {
        let uri = self.uri();
        if uri.path() != "*" || self.target() == "*" {
            return Ok(uri);
        }
        let error = Error::malformed("the target is none that `http::Uri` holds");
        Err(match self.target().len() > LONGEST {
            true => error.with_status(StatusCode::URI_TOO_LONG),
            false => error,
        })
    }
}

/// Bytes of the longest target that `http` holds.
const LONGEST: usize = u16::MAX as usize - 1;

fn held(environ: &Environ) -> Option<Uri> {
    let target = environ.target();
    if let Ok(uri) = target.parse() {
        return Some(uri);
    }
    // An authority alone has no path.
    if !target.contains('/') {
        return None;
    }
    let path = [environ.script_name(), environ.path_info()].concat();
    let mut origin = path.replace('`', "%60");
    if origin.is_empty() {
        origin.push('/');
    }
    if let Some(query) = environ.query() {
        origin.push('?');
        origin.push_str(query);
    }
    origin.parse().ok()
}
