//! One request under way: the commit machine around the body, in a box that is used again.

use std::any::Any;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use rgi_core::server::{Commit, Cut, Level, Payload, Response};
use rgi_core::{Body, End, Error, rt};

use crate::Server;

pin_project! {
    /// The exchange, and its name.
    pub struct Job<B> {
        #[pin]
        response: Option<Response<B>>,
        // Method and target, for the log.
        label: String,
    }
}

/// A job in its box.
pub type Boxed<B> = Pin<Box<Job<B>>>;

/// Bytes of a target that the log shows.
const LONGEST_TARGET: usize = 256;

thread_local! {
    /// Boxes that were used: a `Vec<Boxed<B>>`, of the kind of body that was kept last. A process
    /// serves one application, as a rule.
    static POOL: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
}

/// Boxes kept a thread.
const KEPT: usize = 128;

impl<B: 'static> Job<B> {
    /// An empty job, in a box from the thread's pool.
    pub fn take() -> Boxed<B> {
        let pop = |pool: &RefCell<Option<Box<dyn Any>>>| {
            let mut pool = pool.borrow_mut();
            pool.as_mut()?.downcast_mut::<Vec<Boxed<B>>>()?.pop()
        };
        POOL.try_with(pop).ok().flatten().unwrap_or_else(|| {
            Box::pin(Job {
                response: None,
                label: String::new(),
            })
        })
    }

    /// Keeps the box of a job that is finished.
    pub fn recycle(job: Boxed<B>) {
        let _ = POOL.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            let kept = pool.as_mut().and_then(|pool| pool.downcast_mut::<Vec<_>>());
            match kept {
                Some(kept) if kept.len() < KEPT => kept.push(job),
                Some(_) => {}
                None => *pool = Some(Box::new(vec![job])),
            }
        });
    }
}

impl<B> Job<B> {
    /// Says what was asked.
    pub fn name(self: Pin<&mut Self>, method: &str, target: &str) {
        let label = self.project().label;
        label.clear();
        label.push_str(method);
        label.push(' ');
        // Targets are ASCII.
        label.push_str(target.get(..LONGEST_TARGET).unwrap_or(target));
    }

    /// What answers it.
    pub fn begin(self: Pin<&mut Self>, response: Response<B>) {
        self.project().response.set(Some(response));
    }

    /// What was asked, for the log.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What went wrong, for the log.
    pub fn error(&self) -> Option<&Error> {
        self.response.as_ref()?.error()
    }

    /// Whether all of the payload was given out.
    pub fn is_end(&self) -> bool {
        self.response.as_ref().is_none_or(Response::is_end)
    }

    /// The peer has left: tells the application.
    pub fn hang_up(&self) {
        if let Some(hang_up) = self.response.as_ref().and_then(Response::hang_up) {
            hang_up.now();
        }
    }

    /// Ends the exchange: the body is dropped, the hooks run.
    pub fn finish(self: Pin<&mut Self>, end: End) {
        let mut this = self.project();
        if let Some(response) = this.response.as_mut().as_pin_mut() {
            rt::parking(false, || response.finish(Some(end)));
        }
        this.response.set(None);
    }
}

/// All that runs the application's code runs here, on threads that may not wait.
impl<B: Body> Job<B> {
    /// Ends it with an error of the server's.
    pub fn fail(self: Pin<&mut Self>, error: Error) {
        if let Some(response) = self.project().response.as_pin_mut() {
            rt::parking(false, || response.fail(error));
        }
    }

    /// As [`Response::poll_head`].
    pub fn poll_head(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Commit> {
        match self.project().response.as_pin_mut() {
            Some(response) => rt::parking(false, || response.poll_head(cx)),
            None => Poll::Pending,
        }
    }

    /// As [`Response::poll_payload`].
    pub fn poll_payload(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Payload, Cut>>> {
        match self.project().response.as_pin_mut() {
            Some(response) => rt::parking(false, || response.poll_payload(cx)),
            None => Poll::Ready(None),
        }
    }

    /// As [`Response::poll_drain`].
    pub fn poll_drain(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.project().response.as_pin_mut() {
            Some(response) => rt::parking(false, || response.poll_drain(cx)),
            None => Poll::Ready(()),
        }
    }
}

impl<B: Body> Job<B> {
    /// Behind a switch of protocols: polls the body, of which the handler is a part, to its end, and
    /// finishes the job. A server that does not wait any more cuts it.
    pub async fn see_out(self: Pin<&mut Self>, server: &Server) {
        let mut job = self;
        let end = poll_fn(|cx| {
            if server.is_over() {
                return Poll::Ready(End::Truncated);
            }
            loop {
                match ready!(job.as_mut().poll_payload(cx)) {
                    Some(Ok(_)) => {}
                    Some(Err(_)) => {
                        if let Some(error) = job.error().filter(|e| !e.is_disconnected()) {
                            let level = Level::of_cut(error);
                            server.log(level, format_args!("{}: {error}", job.label()));
                        }
                        return Poll::Ready(End::Truncated);
                    }
                    None => return Poll::Ready(End::Sent),
                }
            }
        })
        .await;
        if end == End::Truncated {
            job.hang_up();
        }
        job.finish(end);
    }
}
