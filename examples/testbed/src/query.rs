//! The numbers of a query.

use std::ops::RangeInclusive;
use std::time::Duration;

use rgi_core::Environ;

use crate::refusal::Refusal;

/// The longest wait that may be asked for, in milliseconds.
const LONGEST: u64 = 60_000;

/// A request's query: numbers by name. The first of a name counts, and names that nobody asks for
/// are nobody's.
pub(crate) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    pub(crate) fn of(environ: &'a Environ) -> Query<'a> {
        Query(environ.query().unwrap_or(""))
    }

    /// A number in these bounds, or `default` if there is none of that name.
    pub(crate) fn number(
        &self,
        name: &str,
        default: u64,
        bounds: RangeInclusive<u64>,
    ) -> Result<u64, Refusal> {
        let Some(value) = self.value(name) else {
            return Ok(default);
        };
        // Digits alone: `parse` would take a sign, too.
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        match value.parse() {
            Ok(number) if digits && bounds.contains(&number) => Ok(number),
            _ => Err(Refusal::bad_request(format!(
                "`{name}` must be a number from {} to {}, and is `{value}`",
                bounds.start(),
                bounds.end(),
            ))),
        }
    }

    /// A time in milliseconds.
    pub(crate) fn millis(&self, name: &str, default: u64) -> Result<Duration, Refusal> {
        let millis = self.number(name, default, 0..=LONGEST)?;
        Ok(Duration::from_millis(millis))
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        self.0.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then_some(value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(query: &str) -> Option<u64> {
        Query(query).number("n", 7, 1..=20).ok()
    }

    #[test]
    fn a_number_is_found_by_its_name() {
        assert_eq!(number("n=3"), Some(3));
        assert_eq!(number("m=1&n=20&o=2"), Some(20));
        assert_eq!(number("n=1&n=2"), Some(1));
        assert_eq!(number("n=007"), Some(7));
    }

    #[test]
    fn one_that_is_missing_has_its_default() {
        for query in ["", "nn=3", "m=n=3", "N=3"] {
            assert_eq!(number(query), Some(7), "{query}");
        }
    }

    #[test]
    fn what_is_no_number_within_bounds_is_refused() {
        for query in [
            "n",
            "n=",
            "n=0",
            "n=21",
            "n=+3",
            "n=-3",
            "n=3.0",
            "n=0x3",
            "n= 3",
            "n=%33",
            "n=99999999999999999999",
            "n=three",
        ] {
            assert_eq!(number(query), None, "{query}");
        }
    }
}
