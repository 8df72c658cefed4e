//! Where two answers to one request differ.

use std::collections::BTreeSet;

use crate::client::Whole;

/// An answer, and what of it stays when its request is repeated.
pub(super) struct Steady<'a> {
    answer: &'a Whole,
    status: bool,
    body: bool,
    trailers: bool,
    /// Names of fields that do not.
    changing: BTreeSet<&'a str>,
}

/// Bytes of a body that are shown.
const SHOWN: usize = 80;

impl<'a> Steady<'a> {
    pub(super) fn of(first: &'a Whole, again: &'a Whole) -> Steady<'a> {
        let names = names(first).chain(names(again));
        Steady {
            answer: first,
            status: first.status == again.status,
            body: first.body == again.body && first.is_cut == again.is_cut,
            trailers: first.trailers == again.trailers,
            changing: names
                .filter(|name| values(first, name) != values(again, name))
                .collect(),
        }
    }

    /// Whether the status is another.
    pub(super) fn status(&self, other: &Whole) -> Option<String> {
        let (known, status) = (self.answer.status, other.status);
        (self.status && known != status).then(|| format!("the status is {status}, not {known}"))
    }

    /// All differences, in words.
    pub(super) fn all(&self, other: &Whole) -> Vec<String> {
        // The rest of an answer of another status is another, too.
        if let Some(status) = self.status(other) {
            return vec![status];
        }
        let known = self.answer;
        let mut all = Vec::new();
        let names: BTreeSet<&str> = names(known).chain(names(other)).collect();
        for name in names.into_iter().filter(|it| !self.changing.contains(it)) {
            let (before, now) = (values(known, name), values(other, name));
            if before != now {
                all.push(format!(
                    "the field {name} is {}, not {}",
                    told(&now),
                    told(&before)
                ));
            }
        }
        if self.body && known.is_cut != other.is_cut {
            all.push(match other.is_cut {
                true => "the body is cut".to_owned(),
                false => "the body is not cut".to_owned(),
            });
        } else if self.body && known.body != other.body {
            let (before, now) = (shown(&known.body), shown(&other.body));
            all.push(format!("the body is {now}, not {before}"));
        }
        if self.trailers && known.trailers != other.trailers {
            let (before, now) = (&known.trailers, &other.trailers);
            all.push(format!("the trailers are {now:?}, not {before:?}"));
        }
        all
    }
}

fn names(answer: &Whole) -> impl Iterator<Item = &str> {
    answer.fields.iter().map(|(name, _)| name.as_str())
}

fn values<'w>(answer: &'w Whole, name: &str) -> Vec<&'w str> {
    let of_name = answer.fields.iter().filter(|(it, _)| it == name);
    of_name.map(|(_, value)| value.as_str()).collect()
}

fn told(values: &[&str]) -> String {
    match values {
        [] => "missing".to_owned(),
        values => format!("{:?}", values.join(", ")),
    }
}

fn shown(body: &[u8]) -> String {
    match body.len() {
        0..=SHOWN => format!("\"{}\"", body.escape_ascii()),
        len => format!("\"{}\"... ({len} bytes)", body[..SHOWN].escape_ascii()),
    }
}
