//! Parts of files, read on tokio's threads for blocking work.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use rgi_core::FileRegion;
use tokio::task::JoinHandle;

use crate::clock::Clock;

/// Bytes read at once.
const CHUNK: usize = 128 * 1024;

/// A file on its way.
pub enum Reading {
    /// There is none.
    Nothing,
    /// To be read next.
    Next(Box<FileRegion>),
    /// Being read.
    Running(JoinHandle<(Box<FileRegion>, io::Result<Option<Bytes>>)>),
}

impl Reading {
    /// Whether there is none any more.
    pub fn is_end(&self) -> bool {
        matches!(self, Reading::Nothing)
    }

    /// The next bytes; `None` when all have been given. An error is the system's, of reading.
    pub fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
        clock: &Clock,
    ) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            match std::mem::replace(self, Reading::Nothing) {
                Reading::Nothing => return Poll::Ready(None),
                Reading::Next(mut region) => {
                    let read = move || {
                        let chunk = region.next_chunk(CHUNK);
                        (region, chunk)
                    };
                    *self = Reading::Running(clock.spawn_blocking(read));
                }
                Reading::Running(mut task) => {
                    let Poll::Ready(done) = Pin::new(&mut task).poll(cx) else {
                        *self = Reading::Running(task);
                        return Poll::Pending;
                    };
                    let (region, chunk) = match done {
                        Ok(done) => done,
                        Err(error) => return Poll::Ready(Some(Err(io::Error::other(error)))),
                    };
                    if !region.is_empty() && chunk.is_ok() {
                        *self = Reading::Next(region);
                    }
                    if let Some(chunk) = chunk.transpose() {
                        return Poll::Ready(Some(chunk));
                    }
                }
            }
        }
    }
}
