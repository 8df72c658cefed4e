//! Waiting for what another process does, which nobody tells us of.

use std::thread;
use std::time::{Duration, Instant};

/// How often is looked.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Looks until there is something, and at least once; `None` if there is nothing `within` the time.
pub(super) fn until<T>(within: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look() {
            return Some(seen);
        }
        if begun.elapsed() >= within {
            return None;
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// The same of something that is or is not so.
pub(super) fn until_true(within: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    until(within, || is_so().then_some(())).is_some()
}
