//! Blocks of an answer, between server and engine.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytes::{Buf, Bytes};

use crate::Watch;

/// Bytes in the hands of an engine, which tell a [`Watch`] what becomes of them.
#[derive(Debug)]
pub struct Block {
    bytes: Bytes,
    watch: Option<Arc<Watch>>,
}

impl Block {
    /// A block of a stream that is watched; or of one whose engine writes what it has before it asks
    /// for more.
    pub fn new(bytes: Bytes, watch: Option<Arc<Watch>>) -> Block {
        if let Some(watch) = &watch {
            watch.held.fetch_add(bytes.len(), Relaxed);
        }
        Block { bytes, watch }
    }
}

impl Buf for Block {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        if let Some(watch) = &self.watch {
            watch.held.fetch_sub(count, Relaxed);
        }
    }

    fn copy_to_bytes(&mut self, count: usize) -> Bytes {
        let bytes = self.bytes.slice(..count);
        self.advance(count);
        bytes
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if let Some(watch) = &self.watch
            && !self.bytes.is_empty()
        {
            watch.thrown.store(true, Relaxed);
        }
    }
}
