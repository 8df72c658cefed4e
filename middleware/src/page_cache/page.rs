//! What is kept, and what is asked for.

use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use rgi_core::{Environ, FieldName, Head, Scheme, field};

/// What a request asks for: a target of a host, and the fields that a page may vary by.
#[derive(Debug)]
pub struct Ask<'a> {
    pub(super) hash: u64,
    pub(super) scheme: Scheme,
    pub(super) host: &'a [u8],
    pub(super) target: &'a str,
    pub(super) headers: &'a HeaderMap,
}

impl<'a> Ask<'a> {
    pub(super) fn of(environ: &'a Environ, hashes: &impl BuildHasher) -> Ask<'a> {
        let host = environ.header("host").unwrap_or_default();
        let headers = environ.headers();
        Ask::parts(environ.scheme(), host, environ.target(), headers, hashes)
    }

    pub(super) fn parts(
        scheme: Scheme,
        host: &'a [u8],
        target: &'a str,
        headers: &'a HeaderMap,
        hashes: &impl BuildHasher,
    ) -> Ask<'a> {
        Ask {
            hash: hash(hashes, scheme, host, target),
            scheme,
            host,
            target,
            headers,
        }
    }

    /// A number for its target, the same as [`Page::hash`] of the pages that it can fit.
    pub fn hash(&self) -> u64 {
        self.hash
    }
}

fn hash(hashes: &impl BuildHasher, scheme: Scheme, host: &[u8], target: &str) -> u64 {
    let mut hasher = hashes.build_hasher();
    hasher.write(scheme.as_str().as_bytes());
    hasher.write(host);
    // Neither a host nor a target has it.
    hasher.write_u8(0);
    hasher.write(target.as_bytes());
    hasher.finish()
}

/// A field of the request that a response varies by, and the values it had.
pub(super) type Varied = (HeaderName, Vec<HeaderValue>);

/// A response that is kept.
#[derive(Debug)]
pub struct Page {
    pub(super) hash: u64,
    pub(super) scheme: Scheme,
    pub(super) host: Box<[u8]>,
    pub(super) target: Box<str>,
    pub(super) varied: Vec<Varied>,
    pub(super) status: StatusCode,
    pub(super) fields: Vec<(FieldName, HeaderValue)>,
    pub(super) body: Bytes,
    /// When it came, and how old it was, in seconds.
    pub(super) since: Instant,
    pub(super) aged: u64,
    /// For how many seconds it is fresh, and may be given out while another is brought.
    pub(super) fresh: u64,
    pub(super) stale: u64,
    /// It was asked for since it was last looked at.
    pub(super) used: AtomicBool,
    /// A request is about to bring a new one.
    pub(super) refreshing: AtomicBool,
}

impl Page {
    /// A number for its target.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The bytes that it takes, about.
    pub fn size(&self) -> usize {
        let field = |value: &HeaderValue| value.len() + 80;
        let fields = self.fields.iter().map(|(_, value)| field(value));
        let varied = self
            .varied
            .iter()
            .flat_map(|(_, values)| values.iter().map(field));
        let fields: usize = fields.chain(varied).sum();
        self.body.len() + self.host.len() + self.target.len() + fields + 256
    }

    /// Whether it is of the target.
    pub fn is_of(&self, ask: &Ask<'_>) -> bool {
        self.hash == ask.hash
            && *self.target == *ask.target
            && *self.host == *ask.host
            && self.scheme == ask.scheme
    }

    /// Whether it is an answer: of the target, and of the same values of what it varies by (RFC 9111 4.1).
    pub fn fits(&self, ask: &Ask<'_>) -> bool {
        let same = |(name, values): &Varied| ask.headers.get_all(name).iter().eq(values);
        self.is_of(ask) && self.varied.iter().all(same)
    }

    /// Has it stand for requests without cookies, as its own was.
    pub(super) fn vary_by_cookie(&mut self) {
        if !self.varied.iter().any(|(name, _)| name == header::COOKIE) {
            self.varied.push((header::COOKIE, Vec::new()));
            let cookie = HeaderValue::from_static("cookie");
            self.fields.push((field::VARY, cookie));
        }
    }

    /// A number for what a request has of what it varies by: that of those of its key who would have the same
    /// variant.
    pub(super) fn variant(&self, key: u64, ask: &Ask<'_>, hashes: &impl BuildHasher) -> u64 {
        let mut hasher = hashes.build_hasher();
        hasher.write_u64(key);
        for (name, _) in &self.varied {
            for value in ask.headers.get_all(name) {
                hasher.write(value.as_bytes());
                // No value has it.
                hasher.write_u8(b'\n');
            }
            hasher.write_u8(0);
        }
        hasher.finish()
    }

    /// Whether it stands for the same requests as another one.
    pub fn replaces(&self, other: &Page) -> bool {
        self.hash == other.hash
            && self.target == other.target
            && self.host == other.host
            && self.scheme == other.scheme
            && self.varied == other.varied
    }

    /// Says that it was asked for.
    pub fn touch(&self) {
        // Most often it was: a line that is only read stays with all processors.
        if !self.used.load(Ordering::Relaxed) {
            self.used.store(true, Ordering::Relaxed);
        }
    }

    /// Whether it was asked for since the last time this was asked.
    pub fn take_touched(&self) -> bool {
        self.used.swap(false, Ordering::Relaxed)
    }

    /// Its age in seconds (RFC 9111 4.2.3).
    pub(super) fn age(&self, now: Instant) -> u64 {
        let resident = now
            .checked_duration_since(self.since)
            .unwrap_or(Duration::ZERO);
        self.aged.saturating_add(resident.as_secs())
    }

    pub(super) fn is_fresh(&self, age: u64) -> bool {
        age < self.fresh
    }

    pub(super) fn may_be_stale(&self, age: u64) -> bool {
        age < self.fresh.saturating_add(self.stale)
    }

    pub(super) fn write(&self, head: &mut Head, age: u64) {
        for (name, value) in &self.fields {
            head.append(name.clone(), value.clone());
        }
        head.append(field::AGE, seconds(age));
    }
}

/// A number as a value; those that are usual are made once.
fn seconds(age: u64) -> HeaderValue {
    static MADE: [OnceLock<HeaderValue>; 1024] = [const { OnceLock::new() }; 1024];
    let made = usize::try_from(age).ok().and_then(|at| MADE.get(at));
    match made {
        Some(made) => made.get_or_init(|| HeaderValue::from(age)).clone(),
        None => HeaderValue::from(age),
    }
}
