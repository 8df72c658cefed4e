//! Checks, one behind the other, within a time.

use std::fmt;
use std::future::poll_fn;
use std::io::Write;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use rgi_core::{Environ, Error};

type Checking = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;
type Check = Arc<dyn Fn() -> Checking + Send + Sync>;

#[derive(Clone)]
pub(super) struct Checks {
    checks: Vec<(&'static str, Check)>,
    pub(super) time: Duration,
}

impl Checks {
    pub(super) fn new(time: Duration) -> Checks {
        Checks {
            checks: Vec::new(),
            time,
        }
    }

    pub(super) fn add<F, T>(&mut self, name: &'static str, check: F)
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let check: Check = Arc::new(move || Box::pin(check()));
        self.checks.push((name, check));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.checks.is_empty()
    }

    /// The names of those that fail.
    pub(super) async fn run(self, environ: Environ) -> Option<String> {
        let mut over = pin!(environ.timer().sleep(self.time));
        let mut failed = Vec::new();
        for (name, check) in self.checks {
            let mut check = check();
            let result = poll_fn(|cx| match check.as_mut().poll(cx) {
                Poll::Pending => over.as_mut().poll(cx).map(|()| {
                    let text = format!("it was not done within {:?}", self.time);
                    Err(Error::timeout(text))
                }),
                done => done,
            });
            if let Err(error) = result.await {
                // The log's own failure is nobody's.
                let _ = writeln!(environ.errors(), "the check `{name}` failed: {error}");
                failed.push(name);
            }
        }
        (!failed.is_empty()).then(|| failed.join(", "))
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.checks.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}
