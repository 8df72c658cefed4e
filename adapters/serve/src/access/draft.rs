//! A line in the making, and the times of its exchange.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rgi_core::{Environ, Error, Event, Outcome};

use super::AccessLog;
use super::format::{Answer, Request};
use crate::logs::now;

/// A line with a gap for what only the end of its exchange tells. The environ goes to the
/// application, so all that is known of the request is formatted before.
pub(super) struct Draft {
    line: Vec<u8>,
    gap: usize,
    head: Arc<HeadTime>,
}

impl Draft {
    pub(super) fn new(log: &AccessLog, environ: &Environ, pid: u32) -> Draft {
        let request = Request {
            time: now(),
            environ,
            pid,
        };
        let mut line = take_buffer();
        log.format.before(&mut line, &request);
        let gap = line.len();
        log.format.behind(&mut line, &request);
        Draft {
            line,
            gap,
            head: Arc::new(HeadTime {
                called: Instant::now(),
                let_go: AtomicU64::new(0),
            }),
        }
    }

    /// What is to be told of the head.
    pub(super) fn head(&self) -> Arc<HeadTime> {
        self.head.clone()
    }

    pub(super) fn finish(mut self, log: &AccessLog, outcome: &Outcome<'_>) {
        let took = self.head.called.elapsed();
        let behind = self.line.len() - self.gap;
        let answer = Answer::new(outcome, took, self.head.let_go());
        log.format.answer(&mut self.line, &answer);
        self.line[self.gap..].rotate_left(behind);
        log.write(&self.line);
        give_buffer(self.line);
    }
}

/// When the application was called, and when it let its head go.
pub(super) struct HeadTime {
    called: Instant,
    /// Nanoseconds from then; 0 for not yet.
    let_go: AtomicU64,
}

impl HeadTime {
    /// Looks at what a body gave. False when the head is gone, or is not to come.
    ///
    /// The head goes with the event that commits it, or with the start where nothing is asked for
    /// behind that: HEAD, 204, 304. With an error it does not.
    pub(super) fn look(&self, item: Option<&Result<Event, Error>>) -> bool {
        let more = match item {
            Some(Err(_)) => {
                self.let_go.store(0, Ordering::Relaxed);
                return false;
            }
            Some(Ok(Event::Start(_))) => true,
            Some(Ok(event)) if !event.commits() => return true,
            Some(Ok(_)) | None => false,
        };
        let time = self.called.elapsed().as_nanos();
        let time = u64::try_from(time).unwrap_or(u64::MAX).max(1);
        self.let_go.store(time, Ordering::Relaxed);
        more
    }

    fn let_go(&self) -> Option<Duration> {
        match self.let_go.load(Ordering::Relaxed) {
            0 => None,
            time => Some(Duration::from_nanos(time)),
        }
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
