//! What may be kept, and for how long (RFC 9111 3, 4.2, 5.2).

use http::{HeaderMap, HeaderValue, StatusCode, header};
use rgi_core::{Head, field};

use super::Page;
use crate::fields;

/// What a client asks of caches (RFC 9111 5.2.1).
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub(super) no_store: bool,
    pub(super) only_if_cached: bool,
    no_cache: bool,
    max_age: Option<u64>,
    min_fresh: Option<u64>,
}

impl Wishes {
    pub(super) fn of(headers: &HeaderMap) -> Wishes {
        let mut wishes = Wishes::default();
        if !headers.contains_key(header::CACHE_CONTROL) {
            return wishes;
        }
        for member in fields::members(headers, &header::CACHE_CONTROL) {
            let (name, argument) = directive(member);
            match () {
                () if name.eq_ignore_ascii_case("no-store") => wishes.no_store = true,
                () if name.eq_ignore_ascii_case("no-cache") => wishes.no_cache = true,
                () if name.eq_ignore_ascii_case("only-if-cached") => wishes.only_if_cached = true,
                () if name.eq_ignore_ascii_case("max-age") => {
                    wishes.max_age = Some(seconds(argument).unwrap_or(0));
                }
                () if name.eq_ignore_ascii_case("min-fresh") => {
                    wishes.min_fresh = Some(seconds(argument).unwrap_or(0));
                }
                () => {}
            }
        }
        wishes
    }

    pub(super) fn takes(&self, page: &Page, age: u64) -> bool {
        !self.no_cache
            && self.max_age.is_none_or(|most| age <= most)
            && self
                .min_fresh
                .is_none_or(|least| page.fresh.saturating_sub(age) >= least)
    }

    /// Whether the client sets no bounds.
    pub(super) fn takes_any(&self) -> bool {
        !self.no_cache && self.max_age.is_none() && self.min_fresh.is_none()
    }
}

fn directive(member: &str) -> (&str, Option<&str>) {
    match member.split_once('=') {
        Some((name, argument)) => (name.trim_end(), Some(argument.trim().trim_matches('"'))),
        None => (member, None),
    }
}

/// A number of seconds; a larger one than there are is the largest (RFC 9111 1.2.2).
fn seconds(argument: Option<&str>) -> Option<u64> {
    let text = argument?;
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// For how many seconds a response is fresh, how many more it may be given out while a new one is
/// brought, and how old it is already.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) fresh: u64,
    pub(super) stale: u64,
    pub(super) aged: u64,
}

/// Statuses that say the same to everybody who asks the same.
const KEPT: [StatusCode; 13] = [
    StatusCode::OK,
    StatusCode::NON_AUTHORITATIVE_INFORMATION,
    StatusCode::NO_CONTENT,
    StatusCode::MULTIPLE_CHOICES,
    StatusCode::MOVED_PERMANENTLY,
    StatusCode::FOUND,
    StatusCode::TEMPORARY_REDIRECT,
    StatusCode::PERMANENT_REDIRECT,
    StatusCode::NOT_FOUND,
    StatusCode::METHOD_NOT_ALLOWED,
    StatusCode::GONE,
    StatusCode::URI_TOO_LONG,
    StatusCode::NOT_IMPLEMENTED,
];

/// Whether a response may be kept. `authorized`: its request had an `authorization`.
pub(super) fn times(head: &Head, authorized: bool) -> Option<Times> {
    if !KEPT.contains(&head.status)
        || head.get(&field::SET_COOKIE).is_some()
        || head.get(&field::CONTENT_RANGE).is_some()
    {
        return None;
    }
    let (mut max_age, mut s_maxage, mut stale) = (None, None, 0);
    let (mut revalidates, mut public) = (false, false);
    let lines = head.get_all(&field::CACHE_CONTROL);
    for line in lines {
        for member in fields::split(line.to_str().ok()?) {
            let (name, argument) = directive(member);
            match () {
                // With field names they are weaker; it is safe to take them for the whole.
                () if name.eq_ignore_ascii_case("no-store")
                    || name.eq_ignore_ascii_case("no-cache")
                    || name.eq_ignore_ascii_case("private") =>
                {
                    return None;
                }
                () if name.eq_ignore_ascii_case("public") => public = true,
                () if name.eq_ignore_ascii_case("must-revalidate")
                    || name.eq_ignore_ascii_case("proxy-revalidate") =>
                {
                    revalidates = true;
                }
                // What is no number is stale (RFC 9111 4.2.1), and of two the shorter one holds.
                () if name.eq_ignore_ascii_case("max-age") => {
                    max_age = shorter(max_age, seconds(argument).unwrap_or(0));
                }
                () if name.eq_ignore_ascii_case("s-maxage") => {
                    s_maxage = shorter(s_maxage, seconds(argument).unwrap_or(0));
                }
                () if name.eq_ignore_ascii_case("stale-while-revalidate") => {
                    stale = seconds(argument).unwrap_or(0);
                }
                () => {}
            }
        }
    }
    // RFC 9111 3.5 and 5.2.2.10
    if authorized && !(public || revalidates || s_maxage.is_some()) {
        return None;
    }
    if revalidates || s_maxage.is_some() {
        // RFC 9111 5.2.2.10: `s-maxage` is `proxy-revalidate`, too.
        stale = 0;
    }
    let aged = head
        .get(&field::AGE)
        .and_then(|age| seconds(age.to_str().ok()));
    let fresh = s_maxage.or(max_age).or_else(|| expires(head))?;
    let times = Times {
        fresh,
        stale,
        aged: aged.unwrap_or(0),
    };
    (times.fresh > times.aged).then_some(times)
}

fn shorter(one: Option<u64>, other: u64) -> Option<u64> {
    Some(one.map_or(other, |one| one.min(other)))
}

/// Seconds from the date of the response, which is now if it says none.
fn expires(head: &Head) -> Option<u64> {
    let date = |value: &HeaderValue| httpdate::parse_http_date(value.to_str().ok()?).ok();
    let expires = date(head.get(&field::EXPIRES)?)?;
    let from = head.get(&field::DATE).and_then(date);
    let from = from.unwrap_or_else(std::time::SystemTime::now);
    expires.duration_since(from).ok().map(|left| left.as_secs())
}
