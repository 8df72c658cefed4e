//! A body written by an async closure.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;
use http::HeaderMap;
use pin_project_lite::pin_project;

use crate::{Error, Event, FileRegion, Started};

pin_project! {
    /// What an async closure writes: [`Started::push`].
    #[derive(Debug)]
    #[must_use = "a body does nothing until a server polls it"]
    pub struct Push<T> {
        started: Option<Started>,
        #[pin]
        future: Option<T>,
        // How the future ended; what it wrote before goes first.
        failed: Option<Error>,
        place: Place,
    }
}

impl<T: Future<Output = Result<(), Error>>> Push<T> {
    pub(crate) fn new<F: FnOnce(Writer) -> T>(started: Started, f: F) -> Push<T> {
        let place = Arc::new(Mutex::new(Slot::default()));
        let future = f(Writer {
            place: place.clone(),
        });
        Push {
            started: Some(started),
            future: Some(future),
            failed: None,
            place: Place(place),
        }
    }
}

impl<T: Future<Output = Result<(), Error>>> Stream for Push<T> {
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if let Some(started) = this.started.take() {
            return Poll::Ready(Some(Ok(Event::Start(started))));
        }
        loop {
            if let Some(event) = this.place.take(cx.waker()) {
                return Poll::Ready(Some(Ok(event)));
            }
            if let Some(error) = this.failed.take() {
                return Poll::Ready(Some(Err(error)));
            }
            if let Some(future) = this.future.as_mut().as_pin_mut()
                && let Poll::Ready(end) = future.poll(cx)
            {
                this.future.set(None);
                *this.failed = end.err();
                continue;
            }
            match this.place.wait(cx.waker(), this.future.is_none()) {
                Wait::Written => {}
                Wait::Ended => return Poll::Ready(None),
                Wait::Registered => return Poll::Pending,
            }
        }
    }
}

/// The one place between application and server: the server's end.
#[derive(Debug)]
struct Place(Arc<Mutex<Slot>>);

// Wakers and what events hold are foreign code: they are woken and dropped without the lock.
impl Place {
    fn take(&self, server: &Waker) -> Option<Event> {
        let mut slot = lock(&self.0);
        // The server is here: nobody need wake it.
        let reader = slot.reader.take();
        let event = slot.event.take();
        let writer = event.is_some().then(|| slot.writer.take()).flatten();
        drop(slot);
        drop(reader);
        // A writer in the same task is polled with the body.
        if let Some(writer) = writer.filter(|writer| !writer.will_wake(server)) {
            writer.wake();
        }
        event
    }

    /// Has the writer wake the server. It may have been moved elsewhere: the body ends when both
    /// it and the future are gone.
    fn wait(&self, server: &Waker, future_ended: bool) -> Wait {
        let waker = server.clone();
        let mut slot = lock(&self.0);
        if slot.event.is_some() {
            return Wait::Written;
        }
        if future_ended && slot.writer_gone {
            return Wait::Ended;
        }
        let stale = slot.reader.replace(waker);
        drop(slot);
        drop(stale);
        Wait::Registered
    }
}

enum Wait {
    Written,
    Ended,
    Registered,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut slot = lock(&self.0);
        slot.closed = true;
        let event = slot.event.take();
        slot.is_lost = event.is_some();
        let (reader, writer) = (slot.reader.take(), slot.writer.take());
        drop(slot);
        drop((event, reader));
        if let Some(writer) = writer {
            writer.wake();
        }
    }
}

#[derive(Debug, Default)]
struct Slot {
    event: Option<Event>,
    /// The body was dropped.
    closed: bool,
    /// With an event in it that nobody took.
    is_lost: bool,
    writer_gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

fn lock(place: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes the body of [`Started::push`]. May move to another task.
///
/// One place stands between application and server, so nothing piles up: a write is done when the
/// server has taken its chunk out of it.
#[derive(Debug)]
pub struct Writer {
    place: Arc<Mutex<Slot>>,
}

impl Writer {
    /// Writes a block. An empty one is done at once and has no meaning.
    ///
    /// Done means that the server has asked for more, so that the chunk is on its way to the client.
    /// Where the length is known nobody asks behind its last byte, and the closure is dropped there:
    /// what is to happen at the end belongs into [`Environ::on_finish`](crate::Environ::on_finish).
    ///
    /// # Errors
    ///
    /// Disconnected, once the body was dropped.
    pub fn write(&mut self, chunk: impl Into<Bytes>) -> Write<'_> {
        let chunk = chunk.into();
        self.put((!chunk.is_empty()).then_some(Event::Data(chunk)))
    }

    /// Sends the head if it was not sent; blocks need no flush.
    ///
    /// # Errors
    ///
    /// Disconnected, once the body was dropped.
    pub fn flush(&mut self) -> Write<'_> {
        self.put(Some(Event::Flush))
    }

    /// Writes a part of a file.
    ///
    /// # Errors
    ///
    /// Disconnected, once the body was dropped.
    pub fn file(&mut self, region: FileRegion) -> Write<'_> {
        self.put((!region.is_empty()).then(|| Event::File(Box::new(region))))
    }

    /// Ends the body with trailer fields. Nothing is waited for behind them.
    ///
    /// # Errors
    ///
    /// Disconnected, once the body was dropped.
    pub async fn trailers(mut self, trailers: HeaderMap) -> Result<(), Error> {
        let mut write = self.put(Some(Event::Trailers(Box::new(trailers))));
        write.is_last = true;
        write.await
    }

    fn put(&mut self, event: Option<Event>) -> Write<'_> {
        Write {
            writer: self,
            event,
            is_placed: false,
            is_last: false,
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut slot = lock(&self.place);
        slot.writer_gone = true;
        let reader = slot.reader.take();
        drop(slot);
        if let Some(waker) = reader {
            waker.wake();
        }
    }
}

/// The future of one write.
#[derive(Debug)]
#[must_use = "a write does nothing until it is awaited"]
pub struct Write<'a> {
    writer: &'a mut Writer,
    event: Option<Event>,
    is_placed: bool,
    /// The server will not ask for more.
    is_last: bool,
}

impl Future for Write<'_> {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let mut slot = lock(&this.writer.place);
        if slot.closed {
            return Poll::Ready(match this.is_placed && !slot.is_lost {
                true => Ok(()),
                false => Err(Error::disconnected()),
            });
        }
        let mut reader = None;
        if slot.event.is_none() {
            match this.event.take() {
                // Nobody else writes: what is not there any more was taken.
                None => return Poll::Ready(Ok(())),
                event => slot.event = event,
            }
            this.is_placed = true;
            reader = slot.reader.take();
        } else if this.event.is_none() && !this.is_placed {
            return Poll::Ready(Ok(()));
        }
        let done = this.is_placed && this.is_last;
        let stale = match done {
            true => None,
            false => slot.writer.replace(cx.waker().clone()),
        };
        drop(slot);
        drop(stale);
        if let Some(reader) = reader {
            reader.wake();
        }
        match done {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }
}
