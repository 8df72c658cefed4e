//! How far the work is, on standard error.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Without a terminal, a line after so many trials.
const LINE_EVERY: usize = 300;
/// On a terminal, the counter moves no faster than this.
const MOVE_EVERY: Duration = Duration::from_millis(50);

/// Counts trials and cases: a moving counter on a terminal, a line now and then elsewhere.
pub(crate) struct Progress {
    total: usize,
    terminal: bool,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    made: usize,
    failed: usize,
    shown: Option<Instant>,
}

impl Progress {
    pub(crate) fn over(total: usize) -> Self {
        Progress {
            total,
            terminal: std::io::stderr().is_terminal(),
            counts: Mutex::default(),
        }
    }

    pub(crate) fn count(&self, passed: bool) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.made += 1;
        counts.failed += usize::from(!passed);
        let now = Instant::now();
        let due = match (self.terminal, counts.shown) {
            (true, Some(shown)) => now.duration_since(shown) >= MOVE_EVERY,
            (true, None) => true,
            (false, _) => counts.made.is_multiple_of(LINE_EVERY) && counts.made < self.total,
        };
        if !due {
            return;
        }
        counts.shown = Some(now);
        let line = format!(
            "{}/{} tried, {} failed",
            counts.made, self.total, counts.failed
        );
        write(&match self.terminal {
            true => format!("\r{line}"),
            false => format!("{line}\n"),
        });
    }

    /// Makes room for the report.
    pub(crate) fn end(&self) {
        if self.terminal {
            write("\r\x1b[K");
        }
    }
}

/// Progress that cannot be shown is no failure.
fn write(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes());
    let _ = err.flush();
}
