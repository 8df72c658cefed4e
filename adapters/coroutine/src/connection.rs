//! One connection: which protocol is spoken, hyper driven, deadlines kept, the end.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use http::StatusCode;
use hyper::server::conn::{http1, http2};
use rgi_core::server::Config;
use rgi_core::{App, Body, End};
use rgi_tasks::{Alarm, Late, Seat, Server, Stream, named};

use crate::io::Io;
use crate::line::{Line, Protocol};
use crate::service::{Calls, Site};
use crate::streams::Streams;
use crate::switched::switched;

/// What a client of HTTP/2 says first (RFC 9113 3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Where the first frame says what it is, and what it has to be.
const TYPE_AND_FLAGS: std::ops::Range<usize> = PREFACE.len() + 3..PREFACE.len() + 5;
const SETTINGS: u8 = 4;
const ACK: u8 = 1;

/// Bytes hyper buffers of a connection in each direction, unless a head may be larger.
const BUFFER: usize = 64 * 1024;
/// What hyper asks for at least.
const LEAST_BUFFER: usize = 8 * 1024;
/// Headers that hyper has room for without an allocation.
const USUAL_HEADERS: usize = 100;

/// Limits of HTTP/2, beside those that can be set: streams of one client at once, of which it may
/// reset so many before they are looked at, or have the server reset so many by errors, and bytes of
/// bodies that it may send ahead.
pub(crate) const STREAMS: u32 = 200;
const RESETS: usize = 20;
const ERRORS: usize = 100;
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// How hyper's part of a connection ended.
#[derive(Debug)]
enum How {
    /// hyper is done: well, or not.
    Done(bool),
    /// The client has left while its request was under way, or said nothing at all, or nothing that
    /// makes sense behind the preface.
    Gone,
    /// A deadline is over.
    Late(Late),
    /// The server stops without waiting.
    Over,
}

/// Serves one connection to its end.
pub(crate) async fn serve<A>(site: Arc<Site<A>>, server: Arc<Server>, stream: Stream, seat: Seat)
where
    A: App + Send + Sync + 'static,
    A::Body: Send + 'static,
{
    let Some((connection, come)) = named(&stream, &server, &seat).await else {
        return;
    };
    let line = Line::new(stream, connection, server, seat);
    line.put_ahead(&come);
    let how = match preface(&line).await {
        Ok(protocol) => {
            line.speak(protocol);
            let io = Io::new(line.clone());
            match protocol {
                Protocol::Http1 => {
                    let calls = Calls::new(site, line.clone(), None);
                    let conn = http1_builder(&line.server.config)
                        .serve_connection(io, calls)
                        .with_upgrades();
                    // A connection that idles is closed by its deadline, the others by their answers.
                    drive(&line, pin!(conn), |_| {}).await
                }
                Protocol::Http2 => {
                    let streams = Streams::new(line.server.clone(), line.connection.clone());
                    let calls = Calls::new(site, line.clone(), Some(streams.clone()));
                    let conn =
                        http2_builder(&line.server.config, streams).serve_connection(io, calls);
                    drive(&line, pin!(conn), http2::Connection::graceful_shutdown).await
                }
            }
        }
        Err(how) => how,
    };
    end(&line, how).await;
}

fn http1_builder(config: &Config) -> http1::Builder {
    let limits = &config.limits;
    let mut builder = http1::Builder::new();
    builder
        // Whether the client is still there is looked for by `drive`, which tells an end with a
        // request behind it from one without.
        .half_close(true)
        // The deadlines are this crate's.
        .header_read_timeout(None)
        .max_header_size(limits.head)
        .max_buf_size(limits.head.clamp(LEAST_BUFFER, usize::MAX).max(BUFFER));
    if limits.headers != USUAL_HEADERS {
        builder.max_headers(limits.headers);
    }
    builder
}

fn http2_builder(config: &Config, streams: Streams) -> http2::Builder<Streams> {
    let mut builder = http2::Builder::new(streams);
    builder
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(ERRORS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(BUFFER)
        .max_header_list_size(u32::try_from(config.limits.head).unwrap_or(u32::MAX));
    builder
}

/// Reads ahead until it is clear which protocol is spoken.
async fn preface<B: Body + Send + 'static>(line: &Arc<Line<B>>) -> Result<Protocol, How> {
    let mut there = line.take_ahead(usize::MAX).unwrap_or_default();
    let read = |cx: &mut Context<'_>| {
        // The task that drives it from here on.
        line.driven_by(cx.waker());
        loop {
            let known = there.len().min(PREFACE.len());
            if there[..known] != PREFACE[..known] {
                return Poll::Ready(Ok(Protocol::Http1));
            }
            if known == PREFACE.len() {
                // SETTINGS come first (RFC 9113 3.4), and hyper takes any frame.
                match there.get(TYPE_AND_FLAGS) {
                    Some([SETTINGS, flags]) if flags & ACK == 0 => {
                        return Poll::Ready(Ok(Protocol::Http2));
                    }
                    Some(_) => return Poll::Ready(Err(How::Gone)),
                    None => line.speak(Protocol::Http2),
                }
            }
            let mut room = [0; 2048];
            match line.stream.poll_read(cx, &mut room) {
                Poll::Pending => {
                    if !there.is_empty() {
                        line.watch.received();
                    }
                    line.watch.waits(&line.server.clock);
                    return Poll::Pending;
                }
                Poll::Ready(Ok(n)) if n > 0 => there.extend_from_slice(&room[..n]),
                // Nothing was asked.
                Poll::Ready(_) => return Poll::Ready(Err(How::Gone)),
            }
        }
    };
    let protocol = watched(line, read).await??;
    line.put_ahead(&there);
    Ok(protocol)
}

/// Polls hyper until it, the client, a deadline or the server makes an end. `stop` tells hyper of
/// the order to stop.
async fn drive<B, C>(line: &Arc<Line<B>>, mut conn: Pin<&mut C>, stop: impl Fn(Pin<&mut C>)) -> How
where
    B: Body + Send + 'static,
    C: Future<Output = hyper::Result<()>>,
{
    let mut told = false;
    loop {
        let poll = |cx: &mut Context<'_>| {
            if line.server.is_stopping() && !std::mem::replace(&mut told, true) {
                stop(conn.as_mut());
            }
            if let Poll::Ready(done) = conn.as_mut().poll(cx) {
                return Poll::Ready(How::Done(done.is_ok()));
            }
            match line.protocol() {
                Protocol::Http1 => line.poll_gone(cx).map(|()| How::Gone),
                Protocol::Http2 => Poll::Pending,
            }
        };
        match watched(line, poll).await {
            Ok(how) => return how,
            // HTTP/2 says that it will close, and closes when its client has heard it.
            Err(How::Late(Late::Idle)) if line.protocol() == Protocol::Http2 && !told => {
                told = true;
                stop(conn.as_mut());
                line.watch.end();
                line.watch.waits(&line.server.clock);
            }
            // Its client takes its time, of which a stop leaves it some.
            Err(How::Late(Late::Idle)) if line.owes() && line.server.is_stopping() => {
                line.watch.end();
                line.watch.waits(&line.server.clock);
            }
            Err(how) => {
                if !matches!(how, How::Gone) {
                    line.watch.cut();
                }
                return how;
            }
        }
    }
}

/// Polls until `poll` is ready, a deadline of the connection's is over, or the server cuts.
async fn watched<B: Body + Send + 'static, T>(
    line: &Arc<Line<B>>,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Result<T, How> {
    let server = &line.server;
    let mut alarm = pin!(Alarm::new());
    std::future::poll_fn(|cx| {
        loop {
            if server.is_over() {
                return Poll::Ready(Err(How::Over));
            }
            if let Poll::Ready(value) = poll(cx) {
                return Poll::Ready(Ok(value));
            }
            let deadline = line.watch.deadline(server);
            ready!(alarm.as_mut().poll(cx, &server.clock, deadline));
            // One that has moved is nobody's; one that is answered makes another round.
            if let Some(late) = line.watch.late(server) {
                late.log(server, &line.connection);
                if late != Late::Answer {
                    return Poll::Ready(Err(How::Late(late)));
                }
            }
        }
    })
    .await
}

/// What comes behind hyper.
async fn end<B: Body + Send + 'static>(line: &Arc<Line<B>>, how: How) {
    let cut = line.watch.lost() == End::Truncated;
    line.end();
    if let (Some(status), How::Done(_)) = (line.refused(), &how) {
        say(line, status).await;
        return linger(line).await;
    }
    match how {
        How::Done(true) => {
            if let Some(switch) = line.take_switch() {
                switched(line, switch).await;
            }
            linger(line).await;
        }
        How::Done(false) if cut => line.stream.reset_on_close(),
        How::Done(false) => linger(line).await,
        How::Late(Late::Head) => {
            say(line, StatusCode::REQUEST_TIMEOUT).await;
            linger(line).await;
        }
        How::Late(Late::Stalled | Late::Rest) | How::Over => line.stream.reset_on_close(),
        How::Late(Late::Idle | Late::Answer) | How::Gone => {}
    }
}

/// Answers a head that hyper has not seen the end of.
async fn say<B>(line: &Line<B>, status: StatusCode) {
    if line.protocol() == Protocol::Http1 {
        line.stream.refuse(status).await;
    }
}

/// Waits for the client's end, unless it has come.
async fn linger<B>(line: &Line<B>) {
    if !line.ended.load(Ordering::Relaxed) {
        line.stream.linger(&line.server).await;
    }
}
