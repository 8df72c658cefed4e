//! What applications note of their side, for clients to ask for.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use rgi_core::Environ;

/// The notes of one run of a case. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Notes(Arc<Mutex<Vec<String>>>);

/// The runs of this process, by their names.
static RUNS: LazyLock<Mutex<HashMap<String, Notes>>> = LazyLock::new(Mutex::default);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Notes {
    /// Those of the run that a request belongs to. An application takes them before it gives the
    /// environ away.
    pub fn of(environ: &Environ) -> Notes {
        let notes = environ.extensions().get::<Notes>();
        notes.cloned().unwrap_or_default()
    }

    /// The notes of a run.
    pub(crate) fn of_run(name: &str) -> Notes {
        lock(&RUNS).entry(name.to_owned()).or_default().clone()
    }

    /// The run is over.
    pub(crate) fn forget(name: &str) {
        lock(&RUNS).remove(name);
    }

    /// Adds a line.
    pub fn add(&self, line: impl Into<String>) {
        lock(&self.0).push(line.into());
    }

    /// All lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        lock(&self.0).clone()
    }
}
