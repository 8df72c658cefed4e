//! What part a request asks for.

use std::ops::Range;
use std::time::SystemTime;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use rgi_core::{Head, field};

use crate::conditional::{is_same, modified, parsed, seconds};
use crate::fields;

/// The one range that a request asks for, and what has to hold for it.
#[derive(Debug)]
pub(crate) struct Asked {
    spec: Spec,
    only_if: Option<HeaderValue>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spec {
    From(u64),
    Between(u64, u64),
    Last(u64),
}

/// What is sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    Of(Range<u64>),
    /// The range lies behind the end.
    Nothing,
}

impl Asked {
    /// What a GET asks for; `None` where it asks for the whole, for several ranges, or for what is no
    /// range of bytes (RFC 9110 14.2).
    pub(crate) fn of(headers: &HeaderMap) -> Option<Asked> {
        let mut lines = headers.get_all(header::RANGE).iter();
        let line = lines.next().filter(|_| lines.next().is_none())?;
        let (unit, set) = line.to_str().ok()?.split_once('=')?;
        let spec = Spec::parse(set.trim()).filter(|_| unit.eq_ignore_ascii_case("bytes"))?;
        let only_if = headers.get(header::IF_RANGE).cloned();
        Some(Asked { spec, only_if })
    }

    /// Chooses the part of a representation of so many bytes, and makes its head that of the part. The
    /// head's length is that of the part then.
    pub(crate) fn choose(&self, head: &mut Head, length: u64) -> Part {
        if !self.holds(head) {
            return Part::Whole;
        }
        let part = self.spec.of(length);
        let (status, content_range, length) = match &part {
            Part::Whole => return part,
            Part::Of(Range { start, end }) => (
                StatusCode::PARTIAL_CONTENT,
                format!("bytes {start}-{}/{length}", end - 1),
                end - start,
            ),
            Part::Nothing => (
                StatusCode::RANGE_NOT_SATISFIABLE,
                format!("bytes */{length}"),
                0,
            ),
        };
        head.status = status;
        head.set_length(Some(length));
        let value = HeaderValue::try_from(content_range).expect("digits and words");
        head.insert(field::CONTENT_RANGE, value);
        if part == Part::Nothing {
            for name in [field::CONTENT_TYPE, field::CONTENT_ENCODING, field::ETAG] {
                head.remove(&name);
            }
            head.remove(&field::LAST_MODIFIED);
            fields::keep_from_caches(head);
        }
        part
    }

    /// RFC 9110 13.1.5: a tag that is the same in the strong sense, or the very date, if nothing can have
    /// changed in its second.
    fn holds(&self, head: &Head) -> bool {
        let Some(only_if) = &self.only_if else {
            return true;
        };
        let named = only_if.as_bytes();
        if named.starts_with(b"\"") || named.starts_with(b"W/") {
            let tag = head.get(&field::ETAG).map(HeaderValue::as_bytes);
            return tag.is_some_and(|tag| is_same(tag, named));
        }
        match (parsed(only_if), modified(head)) {
            (Some(date), Some(modified)) => {
                let is_past = seconds(SystemTime::now()) > seconds(modified);
                seconds(date) == seconds(modified) && is_past
            }
            _ => false,
        }
    }
}

impl Spec {
    /// One range (RFC 9110 14.1.1).
    fn parse(text: &str) -> Option<Spec> {
        let (first, last) = text.split_once('-')?;
        Some(match (first, last) {
            ("", last) => Spec::Last(number(last)?),
            (first, "") => Spec::From(number(first)?),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Spec::Between(first, last))?
            }
        })
    }

    fn of(self, length: u64) -> Part {
        match self {
            Spec::Last(0) => Part::Nothing,
            // The last bytes of nothing are all of it.
            Spec::Last(_) if length == 0 => Part::Whole,
            Spec::Last(bytes) => Part::Of(length.saturating_sub(bytes)..length),
            Spec::From(first) | Spec::Between(first, _) if first >= length => Part::Nothing,
            Spec::From(first) => Part::Of(first..length),
            Spec::Between(first, last) => Part::Of(first..last.saturating_add(1).min(length)),
        }
    }
}

/// Digits alone. A number that is too large for any length is as good as the largest.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Says that ranges can be asked for.
pub(crate) fn set_accepted(head: &mut Head) {
    if head.get(&field::ACCEPT_RANGES).is_none() {
        head.append(field::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    }
}
