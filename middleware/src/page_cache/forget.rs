//! What a success of an unsafe method has forgotten.

use http::HeaderMap;
use rgi_core::{Head, Scheme, field};

use super::Cache;
use super::page::Ask;

/// A target, and what other targets are told from.
pub(super) struct Target {
    pub(super) scheme: Scheme,
    pub(super) host: Box<[u8]>,
    pub(super) target: Box<str>,
}

impl Target {
    pub(super) fn of(ask: &Ask<'_>) -> Target {
        Target {
            scheme: ask.scheme,
            host: ask.host.into(),
            target: ask.target.into(),
        }
    }

    /// RFC 9111 4.4: its pages, and those of where the response points to, on the same host.
    pub(super) fn forget(&self, cache: &Cache, head: &Head) {
        if !(head.status.is_success() || head.status.is_redirection()) {
            return;
        }
        let pointed = [field::LOCATION, field::CONTENT_LOCATION];
        let pointed = pointed
            .iter()
            .filter_map(|name| head.get(name)?.to_str().ok());
        let pointed = pointed.filter_map(|target| self.path(target));
        for target in std::iter::once(&*self.target).chain(pointed) {
            let headers = HeaderMap::new();
            let ask = Ask::parts(self.scheme, &self.host, target, &headers, &cache.hashes);
            // First: one who keeps a page looks at it once more when the page is there.
            cache.marks.forget(ask.hash);
            cache.settings.store.remove(&ask);
        }
    }

    /// The path and query of a reference to the same host.
    fn path<'a>(&self, reference: &'a str) -> Option<&'a str> {
        let reference = reference.split('#').next().unwrap_or(reference);
        if reference.starts_with('/') && !reference.starts_with("//") {
            return Some(reference);
        }
        let (scheme, rest) = reference.split_once("://")?;
        let (host, _) = rest.split_once('/')?;
        let is_same = scheme.eq_ignore_ascii_case(self.scheme.as_str())
            && host.as_bytes().eq_ignore_ascii_case(&self.host);
        is_same.then(|| &rest[host.len()..])
    }
}
