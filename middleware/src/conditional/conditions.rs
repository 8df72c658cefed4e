//! What a request asks to hold.

use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use rgi_core::{Head, field};

use crate::fields;

/// The conditions of a request (RFC 9110 13.1), but for `if-range`.
///
/// An application looks at them before it changes anything:
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::IF_MATCH};
/// use rgi_middleware::conditional::{Conditions, Verdict};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(IF_MATCH, HeaderValue::from_static("\"1\""));
/// let conditions = Conditions::of(&headers).expect("there is one");
/// assert_eq!(conditions.verdict(Some(b"\"1\""), None), Verdict::Holds);
/// assert_eq!(conditions.verdict(Some(b"\"2\""), None), Verdict::Fails);
/// ```
#[derive(Clone, Debug)]
pub struct Conditions(Box<Fields>);

#[derive(Clone, Debug)]
struct Fields {
    matches: Vec<HeaderValue>,
    matches_none: Vec<HeaderValue>,
    modified_since: Option<SystemTime>,
    unmodified_since: Option<SystemTime>,
}

/// What comes of conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The request is done.
    Holds,
    /// The client has what there is: 304 to a GET or HEAD, and 412 to others.
    Unmodified,
    /// What there is differs from what the client takes it to be: 412.
    Fails,
}

impl Conditions {
    /// Those of a request; `None` where there are none.
    pub fn of(headers: &HeaderMap) -> Option<Conditions> {
        let has = |name| headers.contains_key(name);
        let any = has(header::IF_NONE_MATCH)
            || has(header::IF_MODIFIED_SINCE)
            || has(header::IF_MATCH)
            || has(header::IF_UNMODIFIED_SINCE);
        any.then(|| {
            let all = |name| headers.get_all(name).iter().cloned().collect();
            Conditions(Box::new(Fields {
                matches: all(header::IF_MATCH),
                matches_none: all(header::IF_NONE_MATCH),
                modified_since: date(headers, header::IF_MODIFIED_SINCE),
                unmodified_since: date(headers, header::IF_UNMODIFIED_SINCE),
            }))
        })
    }

    /// What comes of them for a representation with an entity tag, in quotes, and a date of
    /// modification, in the order of RFC 9110 13.2.2. To be asked where the response without them would
    /// be a success.
    pub fn verdict(&self, tag: Option<&[u8]>, modified: Option<SystemTime>) -> Verdict {
        let it = &*self.0;
        let modified = modified.map(seconds);
        if !it.matches.is_empty() {
            if !names(&it.matches, |named| {
                tag.is_some_and(|tag| is_same(tag, named))
            }) {
                return Verdict::Fails;
            }
        } else if let (Some(date), Some(modified)) = (it.unmodified_since, modified)
            && modified > seconds(date)
        {
            return Verdict::Fails;
        }
        if !it.matches_none.is_empty() {
            let same = |named: &[u8]| tag.is_some_and(|tag| is_alike(tag, named));
            if names(&it.matches_none, same) {
                return Verdict::Unmodified;
            }
        } else if let (Some(date), Some(modified)) = (it.modified_since, modified)
            && modified <= seconds(date)
        {
            return Verdict::Unmodified;
        }
        Verdict::Holds
    }
}

/// Whether a list of tags has one that fits, or is `*`.
fn names(lines: &[HeaderValue], fits: impl Fn(&[u8]) -> bool) -> bool {
    let mut tags = lines.iter().flat_map(|line| fields::tags(line.as_bytes()));
    tags.any(|tag| tag == b"*" || fits(tag))
}

/// Strong comparison (RFC 9110 8.8.3.2).
pub(crate) fn is_same(tag: &[u8], named: &[u8]) -> bool {
    !tag.starts_with(b"W/") && tag == named
}

/// Weak comparison.
fn is_alike(tag: &[u8], named: &[u8]) -> bool {
    let opaque = |tag| <[u8]>::strip_prefix(tag, b"W/").unwrap_or(tag);
    opaque(tag) == opaque(named)
}

/// A date is compared by its seconds: it has no finer ones.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// A date; what is none, or comes twice, is passed over (RFC 9110 13.1.3).
fn date(headers: &HeaderMap, name: HeaderName) -> Option<SystemTime> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    parsed(value)
}

pub(crate) fn parsed(value: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(value.to_str().ok()?).ok()
}

/// The date of modification that a response has.
pub(crate) fn modified(head: &Head) -> Option<SystemTime> {
    head.get(&field::LAST_MODIFIED).and_then(parsed)
}
