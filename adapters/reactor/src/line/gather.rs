//! A body read before the application is called.

use std::io;

use rgi_http1::{CONTINUE, Decoded, Output};

use super::body::{Failure, receive};
use super::{FAIR, Line};

/// What gathering a body came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gathered {
    /// As much as was asked for, or all there will be.
    Enough,
    /// Nothing more for now.
    Pending {
        /// Whether something has come.
        came: bool,
    },
    /// More, but others have their turn.
    Fair,
}

impl Line {
    /// Reads ahead until `bound` bytes of the body are there, or its end. A client that waits for
    /// `100 Continue` is told to go on. What fails is found by whoever reads that far.
    pub(crate) fn gather(&self, bound: u64, output: &mut Output) -> Gathered {
        if bound == 0 {
            return Gathered::Enough;
        }
        let mut state = self.lock();
        let Some(incoming) = &mut state.incoming else {
            return Gathered::Enough;
        };
        let mut reads = 0;
        while incoming.failed.is_none() {
            match incoming.reader.decode(&mut incoming.buf) {
                Ok(Decoded::Data(data)) => {
                    incoming.ahead.extend_from_slice(&data);
                    if incoming.ahead.len() as u64 >= bound {
                        break;
                    }
                    continue;
                }
                Ok(Decoded::End) => break,
                Ok(Decoded::NeedMore) => {}
                Err(refusal) => {
                    incoming.failed = Some(Failure::Refused(refusal));
                    break;
                }
            }
            if std::mem::take(&mut incoming.expect) {
                output.small(|out| out.extend_from_slice(CONTINUE));
            }
            if reads >= FAIR {
                return Gathered::Fair;
            }
            match receive(&self.socket, &mut incoming.buf) {
                Ok(0) => incoming.failed = Some(Failure::Gone),
                Ok(_) => reads += 1,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Gathered::Pending { came: reads > 0 };
                }
                Err(_) => incoming.failed = Some(Failure::Gone),
            }
        }
        Gathered::Enough
    }

    /// Who waits for the connection, and for what.
    pub(crate) fn wants(&self) -> Wants {
        let state = self.lock();
        let incoming = state.incoming.as_ref();
        Wants {
            body: incoming.filter(|it| it.waiting).map(|it| it.waits),
            read: state.readers.is_some(),
            write: state.writers.is_some(),
        }
    }

    /// Whether nobody will read more of the body.
    pub(crate) fn is_body_done(&self) -> bool {
        let state = self.lock();
        let incoming = state.incoming.as_ref();
        incoming.is_none_or(|it| it.is_read() || it.is_dropped())
    }
}

/// What of a connection is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wants {
    /// More of the body: which wait it is.
    pub(crate) body: Option<u64>,
    /// After a switch: bytes, and room for some.
    pub(crate) read: bool,
    pub(crate) write: bool,
}
