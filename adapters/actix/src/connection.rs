//! One connection: actix-http driven, deadlines kept, the end.

use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Poll, ready};

use http::StatusCode;
use rgi_core::{Body, End};
use rgi_tasks::{Alarm, Late};

use crate::io::Switched;
use crate::line::{Line, Switch};

/// How actix-http's part of a connection ended.
#[derive(Debug)]
enum How {
    /// It is done: well, or not.
    Done(bool),
    /// The head of a switch of protocols is out.
    Switched,
    /// The client has left while its request was under way.
    Gone,
    /// A deadline is over.
    Late(Late),
    /// The server stops without waiting.
    Over,
}

/// Serves one connection to its end. `http` reads and writes it.
pub(crate) async fn serve<B, C, T, E>(line: Rc<Line<B>>, http: C)
where
    B: Body + 'static,
    C: Future<Output = Result<T, E>>,
{
    let how = {
        let http = pin!(http);
        let how = drive(&line, http).await;
        if matches!(how, How::Late(_) | How::Over) {
            line.watch.cut();
        }
        how
    };
    end(&line, how).await;
}

/// Polls actix-http until it, the client, a deadline or the server makes an end.
async fn drive<B, C, T, E>(line: &Rc<Line<B>>, mut http: Pin<&mut C>) -> How
where
    B: Body + 'static,
    C: Future<Output = Result<T, E>>,
{
    let server = &line.server;
    let mut alarm = pin!(Alarm::new());
    let mut driven = false;
    std::future::poll_fn(|cx| {
        if !std::mem::replace(&mut driven, true) {
            line.driven_by(cx.waker());
        }
        loop {
            if server.is_over() {
                return Poll::Ready(How::Over);
            }
            let done = http.as_mut().poll(cx);
            if line.has_switched() {
                return Poll::Ready(How::Switched);
            }
            if let Poll::Ready(done) = done {
                return Poll::Ready(How::Done(done.is_ok()));
            }
            if line.take_again() && (line.is_busy() || line.poll_next(cx).is_ready()) {
                continue;
            }
            if line.poll_gone(cx).is_ready() {
                return Poll::Ready(How::Gone);
            }
            let deadline = line.watch.deadline(server);
            ready!(alarm.as_mut().poll(cx, &server.clock, deadline));
            // One that has moved is nobody's; one that is answered makes another round.
            if let Some(late) = line.watch.late(server) {
                late.log(server, &line.connection);
                if late != Late::Answer {
                    return Poll::Ready(How::Late(late));
                }
            }
        }
    })
    .await
}

/// What comes behind actix-http.
async fn end<B: Body + 'static>(line: &Rc<Line<B>>, how: How) {
    let cut = line.watch.lost() == End::Truncated;
    // What actix-http had and did not write.
    line.conclude(line.watch.lost());
    if let (Some(status), How::Done(_)) = (line.refused(), &how) {
        line.stream.refuse(status).await;
        return linger(line).await;
    }
    match how {
        How::Switched => {
            if let Some(switch) = line.take_switch() {
                switched(line, switch).await;
            }
            linger(line).await;
        }
        How::Done(false) if cut => line.stream.reset_on_close(),
        How::Done(_) => linger(line).await,
        How::Late(Late::Head) => {
            line.stream.refuse(StatusCode::REQUEST_TIMEOUT).await;
            linger(line).await;
        }
        How::Late(Late::Stalled | Late::Rest) | How::Over => line.stream.reset_on_close(),
        How::Late(Late::Idle | Late::Answer) | How::Gone => {}
    }
}

/// Hands the connection to the application, and polls the body, of which the handler is a part, to its
/// end.
async fn switched<B: Body + 'static>(line: &Rc<Line<B>>, switch: Switch<B>) {
    let Switch {
        mut job, demand, ..
    } = switch;
    // From here on the deadlines are the application's.
    line.watch.release();
    demand.fulfil(Switched::new(line));
    job.as_mut().see_out(&line.server).await;
    line.leave();
}

/// Waits for the client's end, unless it has come. A body that was blamed is no end of the client's.
async fn linger<B: 'static>(line: &Line<B>) {
    if !line.ended.get() || line.fault().is_some() {
        line.stream.linger(&line.server).await;
    }
}
