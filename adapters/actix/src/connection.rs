//! One connection: actix-http driven, deadlines kept, the end.

use std::io::IoSlice;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::StatusCode;
use rgi_core::server::Level;
use rgi_core::{Body, End};
use rgi_tasks::{Alarm, Late};

use crate::io::Switched;
use crate::line::{Line, Switch};

/// Bytes of a client that lingers which are thrown away before it is cut, and how long it may.
const MOST_LINGERED: usize = 1 << 20;
const LINGER: Duration = Duration::from_secs(2);

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
        say(line, status).await;
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
            say(line, StatusCode::REQUEST_TIMEOUT).await;
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
    let end = std::future::poll_fn(|cx: &mut Context<'_>| {
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

/// Answers a head that actix-http has not seen the end of.
async fn say<B: 'static>(line: &Line<B>, status: StatusCode) {
    let (code, reason) = (
        status.as_u16(),
        status.canonical_reason().unwrap_or("Refused"),
    );
    let whole =
        format!("HTTP/1.1 {code} {reason}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    let whole = [IoSlice::new(whole.as_bytes())];
    // It fits into the socket's buffer, or nobody reads there.
    std::future::poll_fn(|cx| Poll::Ready(line.poll_write(cx, &whole).is_ready())).await;
}

/// Throws away what the client still sends, so that a reset does not destroy what it has not read
/// yet (RFC 9112 9.6).
async fn linger<B: 'static>(line: &Line<B>) {
    // A body that was blamed is no end of the client's.
    if line.ended.get() && line.fault().is_none() {
        return;
    }
    line.stream.shutdown();
    let mut thrown = 0;
    let ended = std::future::poll_fn(|cx| {
        while thrown <= MOST_LINGERED && !line.server.is_over() {
            let mut room = [0; 4096];
            match ready!(line.stream.poll_read(cx, &mut room)) {
                Ok(n) if n > 0 => thrown += n,
                _ => break,
            }
        }
        Poll::Ready(())
    });
    let _ = tokio::time::timeout(LINGER, ended).await;
}
