//! Output onto a socket.

use std::io::{self, IoSlice};

use rgi_http1::Output;

use crate::line::Line;

/// Bytes the system may send of a file before others have their turn.
const SENDFILE: usize = 2 << 20;

/// Why output could not be sent.
#[derive(Debug)]
pub(super) enum Unsent {
    /// The peer takes nothing any more.
    Peer,
    /// A file could not be read as it was promised.
    File(io::Error),
}

/// Writes output to a socket until all is out (true) or it takes no more (false).
pub(super) fn send(line: &Line, output: &mut Output) -> Result<bool, Unsent> {
    let socket = &line.socket;
    let mut of_files = 0;
    while !output.is_empty() {
        if of_files >= SENDFILE {
            // The socket takes more, but others have their turn.
            line.wake_self();
            return Ok(false);
        }
        let sent = if let Some(region) = output.file() {
            let range = region.range();
            let left = usize::try_from(range.end - range.start).unwrap_or(SENDFILE);
            let len = left.min(SENDFILE);
            match socket.sendfile(region, len) {
                Ok(0) => {
                    let text = "it has become shorter";
                    return Err(Unsent::File(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        text,
                    )));
                }
                Ok(n) => {
                    output.file_sent(n as u64);
                    of_files += n;
                    // Short at a signal as well. Else the socket is full, and what of it the peer frees
                    // in the meantime is not worth a call.
                    Ok((n, n < len && !socket.is_writable()))
                }
                Err(error) if is_of_peer(&error) => Err(error),
                Err(error) => return Err(Unsent::File(error)),
            }
        } else if let Some(bytes) = output.single() {
            let len = bytes.len();
            socket.write(bytes).map(|n| {
                output.advance(n);
                (n, n < len)
            })
        } else {
            let mut slices = [IoSlice::new(&[]); 16];
            let n = output.slices(&mut slices);
            let len = slices[..n].iter().map(|slice| slice.len()).sum::<usize>();
            let more = output.len() > len as u64;
            socket.write_vectored(&slices[..n], more).map(|n| {
                output.advance(n);
                (n, n < len)
            })
        };
        match sent {
            Ok((0, _)) => return Err(Unsent::Peer),
            // A short write has filled the socket.
            Ok((_, true)) => return Ok(false),
            Ok((_, false)) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(_) => return Err(Unsent::Peer),
        }
    }
    Ok(true)
}

/// Whether an error of `sendfile` is the socket's, not the file's.
fn is_of_peer(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::WouldBlock
            | Kind::BrokenPipe
            | Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::NotConnected
            | Kind::TimedOut
    )
}
