//! What the parts of one exchange share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rgi_core::{Environ, Errors, Method, Outcome};

use crate::finding::{Report, finding};

/// One exchange, as its body, its input and its hook know it.
pub(crate) struct Exchange {
    request: String,
    report: Report,
    except: Arc<[&'static str]>,
    errors: Mutex<Errors>,
    /// The body is gone, or there was none.
    pub(crate) dropped: AtomicBool,
    /// The application was told that the input failed, and not because the client had left.
    pub(crate) input_failed: AtomicBool,
    pub(crate) is_head: bool,
}

/// Bytes of a target that findings show.
const LONGEST_TARGET: usize = 100;

impl Exchange {
    pub(crate) fn new(environ: &Environ, report: Report, except: Arc<[&'static str]>) -> Exchange {
        let target = environ.target();
        let target = target.get(..LONGEST_TARGET).unwrap_or(target);
        Exchange {
            // A finding is one line, whatever a server takes for a target.
            request: format!("{} {}", environ.method(), target.escape_debug()),
            report,
            except,
            errors: Mutex::new(environ.errors()),
            dropped: AtomicBool::new(false),
            input_failed: AtomicBool::new(false),
            is_head: *environ.method() == Method::HEAD,
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

/// The hook that sees when hooks run, and whether they do.
pub(crate) struct Hook {
    exchange: Arc<Exchange>,
    has_run: bool,
}

impl Hook {
    pub(crate) fn new(exchange: Arc<Exchange>) -> Hook {
        Hook {
            exchange,
            has_run: false,
        }
    }

    pub(crate) fn run(mut self, _: &Outcome<'_>) {
        self.has_run = true;
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

impl Drop for Hook {
    fn drop(&mut self) {
        if !self.has_run {
            self.exchange.found(
                "finish-missing",
                193,
                "a hook was thrown away without being run",
                "hooks run at the end of each exchange, however it ends",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use rgi_core::testing::Client;
    use rgi_core::{Environ, StartResponse, StatusCode, app_fn};

    use super::*;
    use crate::{Findings, Lint};

    /// A server that goes by the core crate cannot lose a hook, so this one is lost by hand.
    #[test]
    fn a_hook_that_is_lost_is_missed() {
        let findings = Findings::new();
        let lint = Lint::new(()).collect(&findings);
        let lost = Mutex::new(Vec::new());
        let app = app_fn(|environ: Environ, start_response: StartResponse| {
            let exchange = Arc::new(lint.exchange(&environ));
            lost.lock().unwrap().push(Hook::new(exchange));
            start_response.start(StatusCode::NO_CONTENT).empty()
        });
        let _ = Client::new(app).get("/").send();
        assert!(findings.is_empty());
        drop(lost);
        let found = findings.take();
        assert_eq!((found.len(), found[0].check), (1, "finish-missing"));
        assert_eq!(
            found[0].to_string(),
            "lint: finish-missing: server: GET /: a hook was thrown away without being run; hooks \
             run at the end of each exchange, however it ends. Each hook runs once, whatever \
             happened: also when `call` panicked, when nothing could be sent, and when no \
             application was called. (RGI 193)"
        );
    }
}
