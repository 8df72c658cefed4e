//! How often something took how long.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Bounds in seconds, as text and as microseconds: those of OpenTelemetry's conventions for durations of
/// requests.
pub(super) const BOUNDS: [(&str, u64); 14] = [
    ("0.005", 5_000),
    ("0.01", 10_000),
    ("0.025", 25_000),
    ("0.05", 50_000),
    ("0.075", 75_000),
    ("0.1", 100_000),
    ("0.25", 250_000),
    ("0.5", 500_000),
    ("0.75", 750_000),
    ("1", 1_000_000),
    ("2.5", 2_500_000),
    ("5", 5_000_000),
    ("7.5", 7_500_000),
    ("10", 10_000_000),
];

/// Durations, counted by bounds.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// The last has what is above all bounds.
    counts: [AtomicU64; BOUNDS.len() + 1],
    /// In nanoseconds: it lasts for five hundred years of waiting.
    sum: AtomicU64,
}

impl Histogram {
    pub(super) fn add(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let at = BOUNDS.partition_point(|(_, micros)| micros * 1000 < nanos);
        self.counts[at].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(nanos, Ordering::Relaxed);
    }

    /// How many took at most so long as each bound says, and how many there are.
    pub(super) fn counts(&self) -> [u64; BOUNDS.len() + 1] {
        let mut sum = 0;
        std::array::from_fn(|at| {
            sum += self.counts[at].load(Ordering::Relaxed);
            sum
        })
    }

    /// In seconds.
    pub(super) fn sum(&self) -> f64 {
        Duration::from_nanos(self.sum.load(Ordering::Relaxed)).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_what_it_bounds() {
        let histogram = Histogram::default();
        for micros in [0, 5_000, 5_001, 10_000_000, 10_000_001, 60_000_000] {
            histogram.add(Duration::from_micros(micros));
        }
        let counts = histogram.counts();
        assert_eq!((counts[0], counts[1], counts[12]), (2, 3, 3));
        assert_eq!((counts[13], counts[14]), (4, 6));
        assert!((histogram.sum() - 80.010_002).abs() < 1e-9);
    }

    #[test]
    fn bounds_are_what_their_text_says() {
        for (text, micros) in BOUNDS {
            assert_eq!(
                Duration::from_secs_f64(text.parse().unwrap()),
                Duration::from_micros(micros)
            );
        }
    }
}
