//! What a program has at rest, before and after.

use std::time::Duration;

use super::findings::Findings;
use super::process::Process;
use super::testbed::Testbed;
use super::wait::until_true;

/// How long what is given back may take to be given back.
const SETTLES: Duration = Duration::from_secs(5);

/// How much more memory a process may have, in bytes, before it counts as a leak. Allocators keep
/// some of what they were given back; a worker's is asked for at once by many clients.
const MASTER_GROWS: u64 = 8 << 20;
const WORKER_GROWS: u64 = 48 << 20;

/// What a process has.
#[derive(Clone, Copy, Debug, Default)]
struct Has {
    descriptors: usize,
    resident: u64,
}

impl Has {
    fn of(process: Process) -> Has {
        Has {
            descriptors: process.descriptors().unwrap_or(0),
            resident: process.resident().unwrap_or(0),
        }
    }
}

/// Descriptors and memory of a program that has nothing to do.
#[derive(Debug)]
pub(super) struct Rest {
    master: Has,
    /// The most of each that a worker has.
    worker: Has,
}

impl Rest {
    pub(super) fn of(testbed: &Testbed) -> Rest {
        let workers = testbed.workers().into_iter().map(Has::of);
        let most = |a: Has, b: Has| Has {
            descriptors: a.descriptors.max(b.descriptors),
            resident: a.resident.max(b.resident),
        };
        Rest {
            master: Has::of(testbed.master),
            worker: workers.reduce(most).unwrap_or_default(),
        }
    }

    /// Waits until there is no more than there was, and tells what there is.
    pub(super) fn compare(&self, testbed: &Testbed, findings: &mut Findings) {
        until_true(SETTLES, || self.grown(&Rest::of(testbed)).is_empty());
        for text in self.grown(&Rest::of(testbed)) {
            findings.leak(text);
        }
    }

    fn grown(&self, now: &Rest) -> Vec<String> {
        let mut grown = Vec::new();
        for (whose, before, now, may) in [
            ("the master", self.master, now.master, MASTER_GROWS),
            ("a worker", self.worker, now.worker, WORKER_GROWS),
        ] {
            if now.descriptors > before.descriptors {
                let (now, before) = (now.descriptors, before.descriptors);
                grown.push(format!("{whose} has {now} descriptors, and had {before}"));
            }
            if now.resident > before.resident + may {
                let (now, before) = (now.resident >> 10, before.resident >> 10);
                grown.push(format!("{whose} has {now} KiB in memory, and had {before}"));
            }
        }
        grown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_descriptors_and_much_more_memory_are_told() {
        let rest = |descriptors, mib: u64| {
            let has = Has {
                descriptors,
                resident: mib << 20,
            };
            Rest {
                master: has,
                worker: has,
            }
        };
        let before = rest(9, 10);
        assert_eq!(before.grown(&rest(9, 18)), [""; 0]);
        assert_eq!(before.grown(&rest(8, 9)), [""; 0]);
        let grown = before.grown(&rest(10, 58)).join("; ");
        assert_eq!(
            grown,
            "the master has 10 descriptors, and had 9; the master has 59392 KiB in memory, and \
             had 10240; a worker has 10 descriptors, and had 9"
        );
        assert_eq!(before.grown(&rest(9, 59)).len(), 2);
    }
}
