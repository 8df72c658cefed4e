//! Work on many things, some at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::Error;

/// Works on all items, `jobs` at a time. Gives what came of each in their order, and the error that
/// ended it all early if one did.
pub(crate) fn each<T: Sync, R: Send>(
    jobs: usize,
    items: &[T],
    work: impl Fn(&T) -> Result<R, Error> + Sync,
) -> (Vec<R>, Option<Error>) {
    let next = AtomicUsize::new(0);
    let made = Mutex::new((Vec::new(), None));
    let lock = || made.lock().unwrap_or_else(PoisonError::into_inner);
    let go_on = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else {
                return;
            };
            match work(item) {
                Ok(result) => lock().0.push((at, result)),
                Err(error) => {
                    next.store(items.len(), Ordering::Relaxed);
                    lock().1 = Some(error);
                    return;
                }
            }
        }
    };
    thread::scope(|scope| {
        // This thread is one of the jobs, so that work is done even if no other can be started.
        for _ in 1..jobs.min(items.len()) {
            let _ = thread::Builder::new().spawn_scoped(scope, go_on);
        }
        go_on();
    });
    let (mut results, stopped) = made.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    (
        results.into_iter().map(|(_, result)| result).collect(),
        stopped,
    )
}
