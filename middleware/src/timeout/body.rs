//! The body, for as long as it has time.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use pin_project_lite::pin_project;
use rgi_core::{Body, Error, Event, Sleep, Stream, Timer};

use super::Timeout;

/// The time of one request.
#[derive(Debug)]
pub(super) struct Clock {
    settings: Timeout,
    since: Instant,
    timer: Timer,
    sleep: Option<Sleep>,
    /// It has waited, or given a block: from then on it may take longer than it has.
    runs: bool,
}

impl Clock {
    pub(super) fn new(settings: Timeout, timer: Timer) -> Clock {
        Clock {
            settings,
            since: Instant::now(),
            timer,
            sleep: None,
            runs: false,
        }
    }

    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        let sleep = self.sleep.get_or_insert_with(|| {
            let left = self.settings.time.saturating_sub(self.since.elapsed());
            self.timer.sleep(left)
        });
        Pin::new(sleep).poll(cx).is_ready()
    }

    fn error(&self) -> Error {
        let text = format!("the request took longer than {:?}", self.settings.time);
        Error::timeout(text).with_status(self.settings.status)
    }
}

pin_project! {
    /// A body of limited time.
    #[derive(Debug)]
    #[must_use = "a body does nothing until a server polls it"]
    pub struct TimeoutBody<B> {
        #[pin]
        body: Option<B>,
        // None once the connection was switched.
        clock: Option<Clock>,
    }
}

impl<B> TimeoutBody<B> {
    pub(super) fn new(body: B, clock: Clock) -> TimeoutBody<B> {
        TimeoutBody {
            body: Some(body),
            clock: Some(clock),
        }
    }
}

impl<B: Body> Stream for TimeoutBody<B> {
    type Item = Result<Event, Error>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        let Some(body) = this.body.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let Some(clock) = this.clock else {
            return body.poll_next(cx);
        };
        // A body that is there at once costs no timer.
        let mut over = clock.runs && clock.is_over(cx);
        if !over {
            let polled = body.poll_next(cx);
            let waited = std::mem::replace(&mut clock.runs, true);
            match &polled {
                Poll::Pending => over = !waited && clock.is_over(cx),
                Poll::Ready(Some(Ok(Event::Start(_)))) => clock.runs = waited,
                Poll::Ready(Some(Ok(Event::Upgrade(_)))) => *this.clock = None,
                Poll::Ready(_) => {}
            }
            if !over {
                return polled;
            }
        }
        let error = this.clock.take().map(|clock| clock.error());
        this.body.set(None);
        Poll::Ready(error.map(Err))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.body.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}
