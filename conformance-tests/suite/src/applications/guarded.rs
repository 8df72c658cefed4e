//! An application whose bodies tell of panics that servers say nothing of, and that may wait only where
//! its server says so.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::thread;

use rgi_core::{App, Body, Environ, Error, Event, Peer, StartResponse, Stream, rt};

/// What it wraps, and whether one of its bodies has panicked when it was dropped, or when it was asked
/// behind an exchange's end.
pub(super) struct Guarded<A> {
    app: A,
    panicked: Arc<AtomicBool>,
}

impl<A> Guarded<A> {
    pub(super) fn new(app: A) -> Guarded<A> {
        Guarded {
            app,
            panicked: Arc::default(),
        }
    }

    /// Whether one has.
    pub(super) fn panicked(&self) -> Arc<AtomicBool> {
        self.panicked.clone()
    }
}

impl<A: App> App for Guarded<A> {
    type Body = GuardedBody<A::Body>;

    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let peer = environ.peer();
        let may_block = environ.server().may_block;
        let body = rt::parking(may_block, || self.app.call(environ, start_response));
        GuardedBody {
            body: Some(Box::pin(body)),
            peer,
            may_block,
            panicked: self.panicked.clone(),
        }
    }
}

/// A body of such an application.
pub(super) struct GuardedBody<B> {
    /// There until it is dropped.
    body: Option<Pin<Box<B>>>,
    peer: Peer,
    may_block: bool,
    panicked: Arc<AtomicBool>,
}

impl<B: Body> Stream for GuardedBody<B> {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // What it says to a client that is there the hooks are told.
        let _note = self.peer.is_gone().then(|| Note(self.panicked.clone()));
        let may_block = self.may_block;
        match &mut self.body {
            Some(body) => rt::parking(may_block, || body.as_mut().poll_next(cx)),
            None => Poll::Ready(None),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.body
            .as_ref()
            .map_or((0, None), |body| body.size_hint())
    }
}

impl<B> Drop for GuardedBody<B> {
    fn drop(&mut self) {
        let _note = Note(self.panicked.clone());
        self.body = None;
    }
}

/// Notes a panic that goes by.
struct Note(Arc<AtomicBool>);

impl Drop for Note {
    fn drop(&mut self) {
        self.0.fetch_or(thread::panicking(), Ordering::Relaxed);
    }
}
