//! A body that is kept on its way, or waits for another's.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use pin_project_lite::pin_project;
use rgi_core::{App, Environ, Error, Event, Full, Next, Sleep, StartResponse, Stream};

use super::fill::Fill;
use super::flight::{Turn, Wait};
use super::lookup::{Lookup, Waited};
use super::{Cache, begin, gateway_timeout};

pin_project! {
    /// A response of the application, or a page: [`PageCache`](super::PageCache).
    #[must_use = "a body does nothing until a server polls it"]
    pub struct PageCacheBody<A: App> {
        waiting: Option<Waiting<A>>,
        page: Option<Full>,
        #[pin]
        body: Option<A::Body>,
        fill: Fill,
    }
}

impl<A: App> fmt::Debug for PageCacheBody<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageCacheBody").finish_non_exhaustive()
    }
}

/// A request that waits for the page that another one brings.
struct Waiting<A> {
    call: (Next<A>, Environ, StartResponse),
    seat: Seat,
}

/// Where it waits.
struct Seat {
    cache: Arc<Cache>,
    wait: Wait,
    /// It is the second flight that it waits for: that of its own variant, or kind.
    again: bool,
    /// What is left of its patience.
    patience: Option<Sleep>,
}

impl Seat {
    /// Waits for what becomes of the request.
    fn poll(&mut self, cx: &mut Context<'_>, environ: &Environ) -> Poll<Lookup> {
        loop {
            let turn = match self.wait.poll(cx) {
                Poll::Ready(turn) => turn,
                Poll::Pending => {
                    if let Some(sleep) = &mut self.patience {
                        ready!(Pin::new(sleep).poll(cx));
                        // It is over, and not polled again, also where a landing comes now.
                        self.patience = None;
                    }
                    let patience = self.cache.settings.patience;
                    match self.wait.hurry(Instant::now(), patience) {
                        Ok(turn) => turn,
                        Err(left) => {
                            self.patience = Some(environ.timer().sleep(left));
                            continue;
                        }
                    }
                }
            };
            let landing = match turn {
                Turn::Goes(lead) => {
                    return Poll::Ready(Lookup::Miss(self.cache.fill(environ, lead)));
                }
                Turn::Landed(landing) => landing,
            };
            let again = std::mem::replace(&mut self.again, true);
            match self.cache.look_up(environ, Some(Waited { landing, again })) {
                Ok(lookup) => return Poll::Ready(lookup),
                // With what is left of its patience.
                Err(wait) => self.wait = wait,
            }
        }
    }
}

impl<A: App> PageCacheBody<A> {
    pub(super) fn filling(body: A::Body, fill: Fill) -> PageCacheBody<A> {
        PageCacheBody {
            waiting: None,
            page: None,
            body: Some(body),
            fill,
        }
    }

    pub(super) fn waiting(
        call: (Next<A>, Environ, StartResponse),
        cache: Arc<Cache>,
        wait: Wait,
    ) -> PageCacheBody<A> {
        let patience = call.1.timer().sleep(cache.settings.patience);
        let seat = Seat {
            cache,
            wait,
            again: false,
            patience: Some(patience),
        };
        PageCacheBody {
            waiting: Some(Waiting { call, seat }),
            page: None,
            body: None,
            fill: Fill::None,
        }
    }
}

impl<A: App> Stream for PageCacheBody<A> {
    type Item = Result<Event, Error>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if let Some(Waiting { call, seat }) = this.waiting {
            let lookup = ready!(seat.poll(cx, &call.1));
            if let Some(Waiting { call, .. }) = this.waiting.take() {
                let (app, mut environ, start_response) = call;
                match lookup {
                    Lookup::Hit(page, age) => *this.page = Some(begin(&page, age, start_response)),
                    Lookup::Nothing => *this.page = Some(gateway_timeout(start_response).empty()),
                    Lookup::Miss(fill) => {
                        *this.fill = fill;
                        this.fill.watch(&mut environ);
                        this.body.set(Some(app.call(environ, start_response)));
                    }
                }
            }
        }
        if let Some(page) = this.page {
            return Pin::new(page).poll_next(cx);
        }
        let Some(mut body) = this.body.as_pin_mut() else {
            return Poll::Ready(None);
        };
        let item = ready!(body.as_mut().poll_next(cx));
        if !matches!(this.fill, Fill::None) {
            let is_last = body.size_hint().1 == Some(0);
            this.fill.see(&item, is_last);
        }
        Poll::Ready(item)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        match (&self.page, &self.body) {
            (Some(page), _) => page.size_hint(),
            (None, Some(body)) => body.size_hint(),
            (None, None) => (0, None),
        }
    }
}
