//! Interim responses on HTTP/1.1, which engines of others know none of but their own `100 Continue`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Waker;

use http::{HeaderMap, StatusCode};
use rgi_core::server::Informer;

/// Bytes of interim responses that may wait; further hints are dropped.
const MOST: usize = 16 * 1024;

/// The interim responses of a connection that wait to be written between two messages.
#[derive(Debug)]
pub struct Hints {
    /// The request that may still be informed; 0 for none.
    open: AtomicU64,
    filled: AtomicBool,
    queue: Mutex<Vec<u8>>,
    /// The connection's task.
    task: OnceLock<Waker>,
}

impl Hints {
    /// None yet, of a new connection.
    pub fn new() -> Arc<Hints> {
        Arc::new(Hints {
            open: AtomicU64::new(0),
            filled: AtomicBool::new(false),
            queue: Mutex::default(),
            task: OnceLock::new(),
        })
    }

    /// Says which task writes them.
    pub fn serve(&self, task: &Waker) {
        let _ = self.task.set(task.clone());
    }

    /// Wakes that task.
    pub fn wake(&self) {
        if let Some(task) = self.task.get() {
            task.wake_by_ref();
        }
    }

    /// From here on nothing interim is taken.
    pub fn close(&self) {
        self.open.store(0, Ordering::Release);
    }

    /// Whether some wait.
    pub fn is_filled(&self) -> bool {
        self.filled.load(Ordering::Acquire)
    }

    /// What waits.
    pub fn take(&self) -> Vec<u8> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        self.filled.store(false, Ordering::Release);
        std::mem::take(&mut *queue)
    }
}

/// The right of one request to inform: one that is kept longer writes into no other.
#[derive(Debug)]
pub struct Hint {
    hints: Arc<Hints>,
    serial: u64,
}

impl Hint {
    /// The right of no request yet.
    pub fn new(hints: Arc<Hints>) -> Arc<Hint> {
        Arc::new(Hint { hints, serial: 0 })
    }

    /// The next request's. Used again unless somebody still holds the last.
    pub fn next(this: &mut Arc<Hint>) -> Arc<Hint> {
        let serial = this.serial + 1;
        match Arc::get_mut(this) {
            Some(hint) => hint.serial = serial,
            None => {
                let hints = this.hints.clone();
                *this = Arc::new(Hint { hints, serial });
            }
        }
        this.hints.open.store(serial, Ordering::Release);
        this.clone()
    }
}

impl Informer for Hint {
    fn inform(&self, status: StatusCode, headers: &HeaderMap) {
        let hints = &self.hints;
        let mut queue = hints.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = hints.open.load(Ordering::Acquire) == self.serial;
        if !mine || queue.len() > MOST {
            return;
        }
        write(status, headers, &mut queue);
        hints.filled.store(true, Ordering::Release);
        drop(queue);
        hints.wake();
    }
}

/// RFC 9112 4 and 5, of a head that nothing follows.
fn write(status: StatusCode, headers: &HeaderMap, out: &mut Vec<u8>) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    out.extend_from_slice(b"\r\n");
    for (name, value) in headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}
