//! How soon a worker that died is replaced.

use std::time::{Duration, Instant};

/// A worker that lived so long has done well.
const WELL: Duration = Duration::from_secs(5);
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// The pace of replacing. The first death is made good at once; those that follow each other
/// closely, at ever greater intervals.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    deaths: u32,
    not_before: Option<Instant>,
}

impl Backoff {
    /// A worker has died unexpectedly, `lived` after its start.
    pub(super) fn note(&mut self, lived: Duration, now: Instant) {
        if lived >= WELL {
            self.deaths = 0;
        }
        self.deaths += 1;
        self.not_before = match self.deaths {
            // As many as a machine's hiccup may take together.
            ..=2 => None,
            deaths => {
                let doubled = FIRST.saturating_mul(1 << (deaths - 3).min(10));
                Some(now + doubled.min(LONGEST))
            }
        };
    }

    /// When the next worker may be started, if not now.
    pub(super) fn wait(&self, now: Instant) -> Option<Instant> {
        self.not_before.filter(|at| *at > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deaths_in_a_row_are_made_good_ever_later() {
        let now = Instant::now();
        let mut backoff = Backoff::default();
        let mut waits = Vec::new();
        for _ in 0..12 {
            backoff.note(Duration::ZERO, now);
            waits.push(backoff.wait(now).map_or(0, |at| (at - now).as_millis()));
        }
        let expected = [
            0, 0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000,
        ];
        assert_eq!(waits, expected);
        assert_eq!(backoff.wait(now + LONGEST), None);
    }

    #[test]
    fn a_worker_that_lived_well_starts_the_count_anew() {
        let now = Instant::now();
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.note(Duration::ZERO, now);
        }
        backoff.note(WELL, now);
        assert_eq!(backoff.wait(now), None);
    }
}
