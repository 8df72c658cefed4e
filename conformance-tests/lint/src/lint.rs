//! The middleware.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use http::Version;
use rgi_core::server::ServerInfo;
use rgi_core::{App, Environ, Middleware, StartResponse};

use crate::body::Linted;
use crate::exchange::{Exchange, Hook};
use crate::finding::Report;
use crate::{Findings, input, request};

/// An application under watch, and its server with it.
#[derive(Clone, Debug)]
pub struct Lint<A> {
    app: A,
    report: Report,
    except: Arc<[&'static str]>,
    seen: Arc<Seen>,
}

impl<A> Lint<A> {
    /// Findings go to the server's log, each kind of them once.
    pub fn new(app: A) -> Lint<A> {
        Lint {
            app,
            report: Report::Log(Arc::default()),
            except: Arc::new([]),
            seen: Arc::default(),
        }
    }

    /// The application.
    pub fn app(&self) -> &A {
        &self.app
    }

    /// Findings panic: for tests.
    #[must_use]
    pub fn panic(mut self) -> Lint<A> {
        self.report = Report::Panic;
        self
    }

    /// Findings are collected.
    #[must_use]
    pub fn collect(mut self, findings: &Findings) -> Lint<A> {
        self.report = Report::Collect(findings.clone());
        self
    }

    /// The same watch over another application, which its server cannot tell from this one: a part
    /// of it, such as a page.
    pub fn part<B>(self, app: B) -> Lint<B> {
        Lint {
            app,
            report: self.report,
            except: self.except,
            seen: self.seen,
        }
    }

    pub(crate) fn exchange(&self, environ: &Environ) -> Exchange {
        Exchange::new(environ, self.report.clone(), self.except.clone())
    }

    /// Leaves out some checks, by their names: see [`CHECKS`](crate::CHECKS).
    #[must_use]
    pub fn except(mut self, checks: &[&'static str]) -> Lint<A> {
        self.except = checks.into();
        self
    }
}

/// As a middleware. All that it wraps report to one place; each is watched by itself, so that a server
/// may have one in each of its workers.
impl<A: App> Middleware<A> for Lint<()> {
    type App = Lint<A>;

    fn wrap(&self, inner: A) -> Lint<A> {
        Lint {
            app: inner,
            report: self.report.clone(),
            except: self.except.clone(),
            seen: Arc::default(),
        }
    }
}

impl<A: App> App for Lint<A> {
    type Body = Linted<A::Body>;

    fn call(&self, mut environ: Environ, start_response: StartResponse) -> Linted<A::Body> {
        let exchange = Arc::new(self.exchange(&environ));
        request::check(&environ, &exchange);
        let number = start_response.exchange();
        self.seen.check(&environ, &exchange, number);
        let open = Open::new(&self.seen, environ.server(), number);
        let hook = Hook::new(exchange.clone());
        environ.on_finish(move |outcome| hook.run(outcome));
        input::watch(&mut environ, &exchange);
        // Should the call panic there is no body to be dropped.
        exchange.dropped.store(true, Ordering::Release);
        let body = self.app.call(environ, start_response);
        exchange.dropped.store(false, Ordering::Release);
        Linted::new(body, exchange, number, open)
    }
}

/// What one application value has seen of its server.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The facts, by version of HTTP.
    facts: Mutex<HashMap<Version, ServerInfo>>,
    /// The calls and bodies that are open, by thread and number, where the facts restrict that.
    open: Mutex<Vec<(ThreadId, u32)>>,
}

impl Seen {
    fn open(&self) -> MutexGuard<'_, Vec<(ThreadId, u32)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, environ: &Environ, exchange: &Exchange, number: Option<u32>) {
        let info = environ.server();
        let mut facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = facts
            .entry(environ.version())
            .or_insert_with(|| info.clone());
        let change = (*known != *info).then(|| known.clone());
        drop(facts);
        if let Some(before) = change {
            let happened = format!("{}, unlike before", changed(&before, info).join(", "));
            exchange.found(
                "facts-change",
                219,
                happened,
                "facts are the server's, and stay",
            );
        }
        let Some(number) = number.filter(|_| is_restricted(info)) else {
            return;
        };
        let thread = thread::current().id();
        let open = self.open();
        let is_elsewhere = open.iter().any(|(other, _)| *other != thread);
        // A middleware may call once more in the same exchange.
        let is_another = |(other, known): &(ThreadId, u32)| *other == thread && *known != number;
        let is_here = open.iter().any(is_another);
        drop(open);
        if is_elsewhere && !info.multithread {
            exchange.found(
                "facts-threads",
                40,
                "the application is called on one thread while another is at it",
                "a server that does so says `multithread`",
            );
        }
        if is_here && !info.reentrant {
            exchange.found(
                "facts-threads",
                211,
                "the application is called again before a body it returned on this thread is done",
                "a server that does so says `reentrant`",
            );
        }
    }
}

/// The facts that have changed, as they are now.
fn changed(before: &ServerInfo, now: &ServerInfo) -> Vec<String> {
    macro_rules! changed {
        ($($fact:ident)*) => { [$(
            (before.$fact != now.$fact)
                .then(|| format!("`{}` is {:?}", stringify!($fact), now.$fact)),
        )*] };
    }
    let changed = changed! {
        software multithread multiprocess process reentrant may_block run_once sendfile
        informational trailers upgrade lazy_continue told_of_disconnect http2
    };
    changed.into_iter().flatten().collect()
}

/// Whether the facts say that some calls do not come at once.
fn is_restricted(info: &ServerInfo) -> bool {
    !(info.multithread && info.reentrant)
}

/// A call, or its body, that is open on a thread, where the facts restrict that.
pub(crate) struct Open(Option<(Arc<Seen>, (ThreadId, u32))>);

impl Open {
    /// `number` is the token's: one without belongs to an exchange that is open already.
    fn new(seen: &Arc<Seen>, info: &ServerInfo, number: Option<u32>) -> Open {
        let Some(number) = number.filter(|_| is_restricted(info)) else {
            return Open(None);
        };
        let entry = (thread::current().id(), number);
        seen.open().push(entry);
        Open(Some((seen.clone(), entry)))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some((seen, entry)) = &self.0 else {
            return;
        };
        let mut open = seen.open();
        if let Some(at) = open.iter().position(|known| known == entry) {
            open.swap_remove(at);
        }
    }
}
