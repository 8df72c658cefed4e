//! What a proxy says first of a connection: the PROXY protocol.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Poll, ready};

use bytes::{Buf, BytesMut};
use rgi_core::server::{Connection, Level};

use crate::census::Seat;
use crate::clock::Alarm;
use crate::server::{Server, after};
use crate::stream::Stream;

/// The two ends of a new connection, as the system has them, or, where the settings want that, as its
/// proxy says first; and what has come behind its header, which is the client's.
///
/// `None`: the connection is to be dropped, without an answer. No header has come in time, or none that
/// is well formed, which the log says; or the peer has left, or the server has ended.
pub async fn named(
    stream: &Stream,
    server: &Server,
    seat: &Seat,
) -> Option<(Connection, BytesMut)> {
    let mut connection = stream.connection();
    let mut come = BytesMut::new();
    let setting = &server.config.proxy_protocol;
    if !setting.is_on() {
        return Some((connection, come));
    }
    let peer = &connection.peer;
    let since = server.clock.now();
    let mut alarm = pin!(Alarm::new());
    let header = poll_fn(|cx| {
        seat.sit(cx.waker());
        loop {
            if server.is_over() {
                return Poll::Ready(None);
            }
            match setting.header(peer, &come) {
                Ok(None) => {}
                Ok(header) => return Poll::Ready(header),
                Err(why) => {
                    let text = format_args!("closed a connection of {peer}: {why}");
                    server.log(Level::Debug, text);
                    return Poll::Ready(None);
                }
            }
            let mut room = [0; 2048];
            match stream.poll_read(cx, &mut room) {
                Poll::Ready(Ok(n)) if n > 0 => come.extend_from_slice(&room[..n]),
                // Nothing was asked.
                Poll::Ready(_) => return Poll::Ready(None),
                Poll::Pending => break,
            }
        }
        let deadline = match come.is_empty() && server.is_stopping() {
            true => server.idle_until(since),
            false => after(since, server.config.header_timeout),
        };
        ready!(alarm.as_mut().poll(cx, &server.clock, deadline));
        let text = format_args!("no header of the PROXY protocol came in time from {peer}");
        server.log(Level::Debug, text);
        Poll::Ready(None)
    })
    .await?;
    come.advance(header.length());
    header.apply(&mut connection);
    Some((connection, come))
}
