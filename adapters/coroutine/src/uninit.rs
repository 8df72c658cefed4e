//! The one place that reads into memory which nobody has written yet: what recv(2) fills.
#![allow(unsafe_code)]

use std::io;
use std::task::{Context, Poll, ready};

use hyper::rt::ReadBufCursor;
use rgi_tasks::Stream;

/// Reads some bytes into hyper's buffer; none at the client's end. `pass` looks at them, and says how
/// many of the first hyper gets.
pub(crate) fn poll_read(
    stream: &Stream,
    cx: &mut Context<'_>,
    mut buf: ReadBufCursor<'_>,
    pass: impl Fn(&[u8]) -> io::Result<usize>,
) -> Poll<io::Result<()>> {
    // SAFETY: the bytes go to recv(2) as they are, which writes into them and nothing else.
    let room = unsafe { buf.as_mut() };
    let look = |read: &[u8]| pass(read).map(|passed| passed.min(read.len()));
    let passed = ready!(stream.poll_read_uninit(cx, room, look))??;
    // SAFETY: recv(2) has written what was looked at, at least so many bytes, at the front.
    unsafe { buf.advance(passed) };
    Poll::Ready(Ok(()))
}
