//! What applications note of their side, what they are told and what they keep while a case runs.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use rgi_core::{Environ, Extensions};
use rgi_lint::{Finding, Findings};

/// The notes of one run of a case. Clones are the same.
#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    lines: Vec<String>,
    signals: Vec<String>,
    /// The run is over: whoever waits need not wait on.
    over: bool,
    waiting: Vec<Waker>,
    kept: Extensions,
    findings: Findings,
}

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

    /// The run is over: what the lint has found.
    pub(crate) fn forget(name: &str) -> Vec<Finding> {
        let Some(notes) = lock(&RUNS).remove(name) else {
            return Vec::new();
        };
        notes.change(|state| state.over = true);
        notes.findings().take()
    }

    /// Where the lint puts what it finds.
    pub(crate) fn findings(&self) -> Findings {
        lock(&self.0).findings.clone()
    }

    /// Adds a line.
    pub fn add(&self, line: impl Into<String>) {
        lock(&self.0).lines.push(line.into());
    }

    /// All lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        lock(&self.0).lines.clone()
    }

    /// The client gives a signal.
    pub(crate) fn give(&self, signal: &str) {
        self.change(|state| state.signals.push(signal.to_owned()));
    }

    /// Waits until the client has given a signal, or the run is over.
    pub fn signal(&self, name: &'static str) -> Signal {
        Signal {
            notes: self.clone(),
            name,
        }
    }

    /// What the requests of this run have in common, one of each type, made when it is first asked
    /// for.
    pub fn kept<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut state = lock(&self.0);
        if let Some(kept) = state.kept.get::<Arc<T>>() {
            return kept.clone();
        }
        let kept = Arc::<T>::default();
        state.kept.insert(kept.clone());
        kept
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = lock(&self.0);
        change(&mut state);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Notes").field(&self.lines()).finish()
    }
}

/// The future of [`Notes::signal`].
#[derive(Debug)]
#[must_use = "a future does nothing until it is awaited"]
pub struct Signal {
    notes: Notes,
    name: &'static str,
}

impl Future for Signal {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.notes.0);
        if state.over || state.signals.iter().any(|given| given == self.name) {
            return Poll::Ready(());
        }
        if !state
            .waiting
            .iter()
            .any(|waker| waker.will_wake(cx.waker()))
        {
            state.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }
}
