//! What is seen of an exchange from outside: when its head went, and how it ended.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;
use rgi_core::{Body, End, Error, Event, Outcome, StatusCode, Stream};

/// When the application was called, and when it let its head go.
#[derive(Debug)]
pub(crate) struct HeadTime {
    called: Instant,
    /// Nanoseconds from then; 0 for not yet.
    let_go: AtomicU64,
}

impl HeadTime {
    /// Of an application that is about to be called.
    pub(crate) fn new() -> HeadTime {
        HeadTime {
            called: Instant::now(),
            let_go: AtomicU64::new(0),
        }
    }

    /// Looks at what a body gave. False when the head is gone, or is not to come.
    ///
    /// The head goes with the event that commits it, or with the start where nothing is asked for
    /// behind that: HEAD, 204, 304. With an error it does not.
    fn look(&self, item: Option<&Item>) -> bool {
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

    /// What became of the exchange, which ends now.
    pub(crate) fn ending(&self, outcome: &Outcome<'_>) -> Ending {
        let head = match self.let_go.load(Ordering::Relaxed) {
            0 => None,
            time => Some(Duration::from_nanos(time)),
        };
        Ending::new(outcome, self.called.elapsed(), head)
    }
}

/// What is known when the exchange is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) end: End,
    /// None where nothing was sent.
    pub(crate) status: Option<StatusCode>,
    /// Of payload.
    pub(crate) bytes: u64,
    /// From the call to the end.
    pub(crate) took: Duration,
    /// From the call until the application let its head go; None where the server answered in its
    /// place, and where nobody did.
    pub(crate) head: Option<Duration>,
}

impl Ending {
    /// `head`: when the application let go of one.
    fn new(outcome: &Outcome<'_>, took: Duration, head: Option<Duration>) -> Ending {
        let head = head.filter(|_| outcome.end != End::Refused);
        // The machine makes a status of every error; this one says that nobody is there to get it.
        let has_left = outcome.error.is_some_and(|error| error.is_disconnected());
        let is_silent = head.is_none() && has_left;
        Ending {
            end: outcome.end,
            status: outcome.status.filter(|_| !is_silent),
            bytes: if is_silent { 0 } else { outcome.bytes },
            took,
            head: head.filter(|_| outcome.status.is_some()),
        }
    }

    /// How it ended, in a word.
    pub(crate) fn outcome(&self) -> &'static str {
        match self.end {
            End::Sent => "sent",
            End::Refused => "refused",
            End::Truncated => "truncated",
            End::Disconnected => "disconnected",
        }
    }
}

type Item = Result<Event, Error>;

pin_project! {
    /// A body that is watched for the moment at which its head goes, or one that is not.
    #[derive(Debug)]
    #[must_use = "a body does nothing until a server polls it"]
    pub struct ObservedBody<B> {
        #[pin]
        body: B,
        // Until the head is gone.
        head: Option<Arc<HeadTime>>,
    }
}

impl<B> ObservedBody<B> {
    /// Tells `head`, where there is one.
    #[inline]
    pub(crate) fn new(body: B, head: Option<Arc<HeadTime>>) -> ObservedBody<B> {
        ObservedBody { body, head }
    }
}

impl<B: Body> Stream for ObservedBody<B> {
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

/// Polls a body, and looks at what it gives. Out of line: a body that is not watched is polled as if
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
