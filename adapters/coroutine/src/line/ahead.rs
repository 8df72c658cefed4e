//! Bytes that were read before hyper asked for them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;

/// What was read ahead of hyper.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    bytes: Mutex<BytesMut>,
    /// How many they are: mostly none, which is seen without the lock.
    len: AtomicUsize,
}

impl Ahead {
    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    fn bytes(&self) -> MutexGuard<'_, BytesMut> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds bytes behind those that are there.
    pub(super) fn push(&self, more: &[u8]) {
        let mut bytes = self.bytes();
        bytes.extend_from_slice(more);
        self.len.store(bytes.len(), Ordering::Relaxed);
    }

    /// Puts bytes before those that are there.
    pub(super) fn put_back(&self, front: &[u8]) {
        let mut bytes = self.bytes();
        let behind = std::mem::replace(&mut *bytes, BytesMut::from(front));
        bytes.extend_from_slice(&behind);
        self.len.store(bytes.len(), Ordering::Relaxed);
    }

    /// Takes up to `room` bytes.
    #[inline]
    pub(super) fn take(&self, room: usize) -> Option<BytesMut> {
        match self.len() {
            0 => None,
            _ => Some(self.split(room)),
        }
    }

    fn split(&self, room: usize) -> BytesMut {
        let mut bytes = self.bytes();
        let n = room.min(bytes.len());
        let taken = bytes.split_to(n);
        self.len.store(bytes.len(), Ordering::Relaxed);
        taken
    }
}
