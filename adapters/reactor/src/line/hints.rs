//! Interim responses.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::{HeaderMap, StatusCode};
use rgi_core::server::Informer;
use rgi_http1::interim;

use super::Line;

/// Bytes of interim responses that may wait; further hints are dropped.
const MOST_INTERIM: usize = 16 * 1024;

/// The interim responses of one request: a token that is kept longer writes into no other.
#[derive(Debug)]
pub(crate) struct Hints {
    line: Arc<Line>,
    serial: u64,
}

impl Hints {
    pub(crate) fn new(line: Arc<Line>) -> Arc<Hints> {
        Arc::new(Hints { line, serial: 0 })
    }

    /// Begins a request's. Used again unless somebody still holds the last.
    pub(crate) fn begin(this: &mut Arc<Hints>, serial: u64) -> Arc<Hints> {
        match Arc::get_mut(this) {
            Some(hints) => hints.serial = serial,
            None => {
                *this = Arc::new(Hints {
                    line: this.line.clone(),
                    serial,
                })
            }
        }
        this.line.allow_interim(serial);
        this.clone()
    }
}

impl Informer for Hints {
    fn inform(&self, status: StatusCode, headers: &HeaderMap) {
        let line = &self.line;
        let mut state = line.lock();
        let mine = line.takes_interim.load(Ordering::Acquire) == self.serial;
        if !mine || state.interim.len() > MOST_INTERIM {
            return;
        }
        interim(status, headers, &mut state.interim);
        let all = line.write_through(&mut state.interim);
        drop(state);
        if !all {
            line.announce_interim();
        }
    }
}
