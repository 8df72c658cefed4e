//! What the parts of one exchange share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rgi_core::{Environ, Errors, Outcome};

use crate::finding::{Report, finding};
use crate::lint::Open;

/// One exchange, as its body, its input and its hook know it.
pub(crate) struct Exchange {
    request: String,
    report: Report,
    except: Arc<[&'static str]>,
    errors: Mutex<Errors>,
    /// The body is gone, or there was none.
    pub(crate) dropped: AtomicBool,
    /// The input failed, and not because the client had left.
    pub(crate) input_failed: AtomicBool,
}

/// Bytes of a target that findings show.
const LONGEST_TARGET: usize = 100;

impl Exchange {
    pub(crate) fn new(environ: &Environ, report: Report, except: Arc<[&'static str]>) -> Exchange {
        let target = environ.target();
        let target = target.get(..LONGEST_TARGET).unwrap_or(target);
        Exchange {
            request: format!("{} {target}", environ.method()),
            report,
            except,
            errors: Mutex::new(environ.errors()),
            dropped: AtomicBool::new(false),
            input_failed: AtomicBool::new(false),
        }
    }

    /// Reports a finding.
    pub(crate) fn found(
        &self,
        check: &'static str,
        rule: u16,
        happened: impl Into<String>,
        right: &'static str,
    ) {
        if self.except.contains(&check) {
            return;
        }
        let finding = finding(check, rule, &self.request, happened, right);
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        self.report.report(finding, &mut errors);
    }
}

/// The hook that sees when hooks run.
pub(crate) struct Hook {
    exchange: Arc<Exchange>,
    /// The call is open until here.
    _open: Open,
}

impl Hook {
    pub(crate) fn new(exchange: Arc<Exchange>, open: Open) -> Hook {
        Hook {
            exchange,
            _open: open,
        }
    }

    pub(crate) fn run(self, _: &Outcome<'_>) {
        if !self.exchange.dropped.load(Ordering::Acquire) {
            self.exchange.found(
                "finish-before-drop",
                192,
                "a hook ran while the body was there",
                "a server drops the body before it runs the hooks",
            );
        }
    }
}
