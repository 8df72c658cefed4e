//! A connection behind a switch of protocols: the application has it.

use std::sync::Arc;
use std::task::{Poll, ready};

use rgi_core::server::Level;
use rgi_core::{Body, End};

use crate::io::Io;
use crate::line::{Line, Switch};

/// Hands the connection over, and polls the body, of which the handler is a part, to its end.
pub(crate) async fn switched<B: Body + Send + 'static>(line: &Arc<Line<B>>, switch: Switch<B>) {
    let Switch {
        mut job,
        demand,
        upgrade,
    } = switch;
    // From here on the deadlines are the application's.
    line.watch.release();
    match upgrade.await.map(|upgraded| upgraded.downcast::<Io<B>>()) {
        Ok(Ok(parts)) => demand.fulfil(parts.io.switched(&parts.read_buf)),
        // The application finds that it gets no connection.
        Ok(Err(_)) | Err(_) => drop(demand),
    }
    let end = std::future::poll_fn(|cx| {
        if line.server.is_over() {
            return Poll::Ready(End::Truncated);
        }
        loop {
            match ready!(job.as_mut().poll_payload(cx)) {
                Some(Ok(_)) => {}
                Some(Err(_)) => {
                    if let Some(error) = job.error().filter(|e| !e.is_disconnected()) {
                        let text = format_args!("{}: {error}", job.label());
                        line.server.log(Level::Error, text);
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
    job.as_mut().finish(end);
    line.leave();
}
