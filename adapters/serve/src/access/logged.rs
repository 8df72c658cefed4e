//! An application whose requests are logged, or not.

use std::pin::Pin;
use std::process;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use rgi_core::{App, Body, Environ, Error, Event, StartResponse, Stream};

use super::AccessLog;
use super::draft::{Draft, HeadTime};

/// An application, outermost before its server, with the access log around it where one is kept.
pub(crate) struct Logged<A> {
    app: A,
    /// Each worker's own: exchanges hold it, and would count each other's holds if it were shared.
    worker: Option<Arc<Worker>>,
}

struct Worker {
    log: Arc<AccessLog>,
    pid: u32,
}

impl<A> Logged<A> {
    /// To be made in the process that serves it.
    pub(crate) fn new(app: A, log: Option<Arc<AccessLog>>) -> Logged<A> {
        let pid = process::id();
        Logged {
            app,
            worker: log.map(|log| Arc::new(Worker { log, pid })),
        }
    }

    /// The application itself.
    pub(crate) fn app(&self) -> &A {
        &self.app
    }
}

impl<A: App> App for Logged<A> {
    type Body = LoggedBody<A::Body>;

    #[inline]
    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let head = self.worker.as_ref().map(|worker| begin(worker, &environ));
        LoggedBody {
            body: self.app.call(environ, start_response),
            head,
        }
    }
}

/// Polls a body, and looks at what it gives. Out of line: where no log is kept a body is polled as if
/// nothing were around it.
#[inline(never)]
fn poll<B: Body>(
    body: Pin<&mut B>,
    cx: &mut Context<'_>,
    head: &mut Option<Arc<HeadTime>>,
) -> Poll<Option<Item>> {
    let item = ready!(body.poll_next(cx));
    if head.as_ref().is_some_and(|head| !head.look(item.as_ref())) {
        *head = None;
    }
    Poll::Ready(item)
}

/// The line is written by a hook, which always runs, and behind those of the application.
fn begin(worker: &Arc<Worker>, environ: &Environ) -> Arc<HeadTime> {
    let worker = worker.clone();
    let draft = Draft::new(&worker.log, environ, worker.pid);
    let head = draft.head();
    environ.on_finish(move |outcome| draft.finish(&worker.log, outcome));
    head
}

type Item = Result<Event, Error>;

pin_project! {
    /// The body of an application whose requests are logged, or not.
    pub(crate) struct LoggedBody<B> {
        #[pin]
        body: B,
        // Until the head is gone.
        head: Option<Arc<HeadTime>>,
    }
}

impl<B: Body> Stream for LoggedBody<B> {
    type Item = Item;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let this = self.project();
        match this.head {
            None => this.body.poll_next(cx),
            head => poll(this.body, cx, head),
        }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.body.size_hint()
    }
}
