//! A connection in memory: two bounded queues of bytes.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::client::Connection;

/// Bytes that wait in one direction; who writes more waits for the other side.
const ROOM: usize = 64 * 1024;

/// One end of a connection.
#[derive(Debug)]
pub(super) struct End {
    /// What this end reads, and what it writes.
    from: Arc<Queue>,
    to: Arc<Queue>,
    reset: Mutex<bool>,
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: VecDeque<u8>,
    /// Nothing more will be written.
    ended: bool,
    /// It was cut.
    cut: bool,
    /// Nobody reads it any more.
    left: bool,
}

/// A connection's two ends.
pub(super) fn pair() -> (End, End) {
    let (a, b) = (Arc::<Queue>::default(), Arc::<Queue>::default());
    let end = |from: &Arc<Queue>, to: &Arc<Queue>| End {
        from: from.clone(),
        to: to.clone(),
        reset: Mutex::new(false),
    };
    (end(&a, &b), end(&b, &a))
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Waits until `ready`, or until the time is up.
    fn wait(
        &self,
        patience: Option<Duration>,
        ready: impl Fn(&State) -> bool,
    ) -> io::Result<MutexGuard<'_, State>> {
        let until = patience.and_then(|patience| Instant::now().checked_add(patience));
        let mut state = self.lock();
        while !ready(&state) {
            state = match until {
                None => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        Ok(state)
    }
}

impl End {
    /// Reads some bytes; 0 at the other side's end. Without patience it waits for ever.
    pub(super) fn read(&self, buf: &mut [u8], patience: Option<Duration>) -> io::Result<usize> {
        let ready = |state: &State| !state.bytes.is_empty() || state.ended || state.cut;
        let mut state = self.from.wait(patience, ready)?;
        // What came before the cut is read: more than a socket promises, so that cases can tell.
        if state.bytes.is_empty() && state.cut {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let n = buf.len().min(state.bytes.len());
        for (slot, byte) in buf.iter_mut().zip(state.bytes.drain(..n)) {
            *slot = byte;
        }
        drop(state);
        self.from.changed.notify_all();
        Ok(n)
    }

    pub(super) fn write_all(&self, mut bytes: &[u8], patience: Option<Duration>) -> io::Result<()> {
        while !bytes.is_empty() {
            let n = self.write(bytes, patience)?;
            bytes = &bytes[n..];
        }
        Ok(())
    }

    fn write(&self, bytes: &[u8], patience: Option<Duration>) -> io::Result<usize> {
        let ready = |state: &State| state.bytes.len() < ROOM || state.left || state.cut;
        let mut state = self.to.wait(patience, ready)?;
        if state.left || state.cut || state.ended {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let n = bytes.len().min(ROOM - state.bytes.len());
        state.bytes.extend(&bytes[..n]);
        drop(state);
        self.to.changed.notify_all();
        Ok(n)
    }

    /// Nothing more is written.
    pub(super) fn end(&self) {
        self.to.change(|state| state.ended = true);
    }

    /// Has the connection be reset when this end is dropped.
    pub(super) fn reset(&self) {
        *self.reset.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let reset = *self.reset.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.from.change(|state| {
            state.left = true;
            state.cut |= reset;
        });
        self.to.change(|state| {
            state.ended = true;
            state.cut |= reset;
        });
    }
}

impl Connection for End {
    fn read(&self, buf: &mut [u8], patience: Duration) -> io::Result<usize> {
        End::read(self, buf, Some(patience))
    }

    fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        End::write_all(self, bytes, Some(crate::client::PATIENCE))
    }

    fn write(&self, bytes: &[u8], patience: Duration) -> io::Result<usize> {
        End::write(self, bytes, Some(patience))
    }

    fn half_close(&self) {
        self.end();
    }

    fn reset_on_drop(&self) {
        self.reset();
    }
}
