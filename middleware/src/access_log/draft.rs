//! A line in the making.

use std::cell::RefCell;
use std::time::SystemTime;

use rgi_core::Environ;

use super::format::{Format, Request};
use crate::observed::Ending;

/// A line without its end, and with a gap for what only the end of its exchange tells. The environ goes to the
/// application, so all that is known of the request is formatted before.
pub(super) struct Draft {
    format: Format,
    line: Vec<u8>,
    gap: usize,
}

impl Draft {
    /// Of a request that comes in now, to be served by process `pid`.
    pub(super) fn new(format: Format, environ: &Environ, pid: u32) -> Draft {
        let request = Request {
            time: SystemTime::now(),
            environ,
            pid,
        };
        let mut line = take_buffer();
        format.before(&mut line, &request);
        let gap = line.len();
        format.behind(&mut line, &request);
        Draft { format, line, gap }
    }

    /// Fills the gap, ends the line, and gives the line to `write`.
    pub(super) fn finish(mut self, ending: &Ending, write: impl FnOnce(&[u8])) {
        let behind = self.line.len() - self.gap;
        self.format.answer(&mut self.line, ending);
        self.line[self.gap..].rotate_left(behind);
        self.format.end(&mut self.line, ending);
        write(&self.line);
        give_buffer(self.line);
    }
}

/// Buffers kept a thread.
const KEPT: usize = 128;

thread_local! {
    static BUFFERS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

fn take_buffer() -> Vec<u8> {
    let kept = BUFFERS.try_with(|kept| kept.borrow_mut().pop());
    kept.ok().flatten().unwrap_or_default()
}

fn give_buffer(mut buffer: Vec<u8>) {
    buffer.clear();
    let _ = BUFFERS.try_with(|kept| {
        let mut kept = kept.borrow_mut();
        if kept.len() < KEPT {
            kept.push(buffer);
        }
    });
}
