//! The tasks of HTTP/2's streams, each with deadlines of its own.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use hyper::rt::Executor;
use pin_project_lite::pin_project;
use rgi_core::Connection;
use rgi_tasks::{Alarm, Late, Server, Watch};

/// Spawns the streams of one connection. hyper calls the service and then, on the same task, has the
/// answer executed: so the watch that the call has made belongs to what is executed next.
#[derive(Clone)]
pub(crate) struct Streams {
    server: Arc<Server>,
    connection: Arc<Connection>,
    next: Arc<Mutex<Option<Arc<Watch>>>>,
}

impl Streams {
    pub(crate) fn new(server: Arc<Server>, connection: Arc<Connection>) -> Streams {
        Streams {
            server,
            connection,
            next: Arc::default(),
        }
    }

    /// The watch of the stream that begins.
    pub(crate) fn next(&self) -> Arc<Watch> {
        let watch = Arc::<Watch>::default();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = Some(watch.clone());
        watch
    }
}

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let watch = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            next.take().unwrap_or_default()
        };
        self.server.clock.spawn(Watched {
            stream: Some(stream),
            alarm: Alarm::new(),
            watch,
            server: self.server.clone(),
            connection: self.connection.clone(),
        });
    }
}

pin_project! {
    /// A stream that is reset when its client takes nothing for too long, or its answer does not end.
    struct Watched<F> {
        #[pin]
        stream: Option<F>,
        #[pin]
        alarm: Alarm,
        watch: Arc<Watch>,
        server: Arc<Server>,
        connection: Arc<Connection>,
    }
}

impl<F: Future<Output = ()>> Future for Watched<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        loop {
            let Some(stream) = this.stream.as_mut().as_pin_mut() else {
                return Poll::Ready(());
            };
            if stream.poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let deadline = this.watch.deadline(this.server);
            ready!(this.alarm.as_mut().poll(cx, &this.server.clock, deadline));
            let Some(late) = this.watch.late(this.server) else {
                continue;
            };
            late.log(this.server, this.connection);
            if late != Late::Answer {
                this.watch.cut();
                // hyper resets the stream.
                this.stream.set(None);
            }
        }
    }
}
