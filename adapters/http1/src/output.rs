//! Bytes on their way out.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};
use rgi_core::FileRegion;

/// What is written and not sent yet: heads, framing and small blocks copied behind each other, large
/// blocks and files by reference. Give [`slices`](Self::slices) to a vectored write, or
/// [`file`](Self::file) to `sendfile`, and say with [`advance`](Self::advance) what was taken.
#[derive(Debug, Default)]
pub struct Output {
    small: Vec<u8>,
    /// Bytes of `small` that were sent.
    sent: usize,
    /// Bytes of `small` that belong to the segments before the last run.
    sealed: usize,
    segments: VecDeque<Segment>,
    len: u64,
}

#[derive(Debug)]
enum Segment {
    /// So many of the next bytes of `small`.
    Small(usize),
    Large(Bytes),
    File(Box<FileRegion>),
}

/// Blocks up to this size are copied: cheaper than one more slice.
const COPIED: usize = 16 * 1024;

/// Capacity above which the buffer is given back once it is empty.
const KEPT: usize = 64 * 1024;

impl Output {
    /// Nothing to send.
    pub fn new() -> Output {
        Output::default()
    }

    /// Bytes that are still to be sent.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing is to be sent.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds bytes through `write`, which only appends.
    pub fn small(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.small.len();
        write(&mut self.small);
        self.len += (self.small.len() - before) as u64;
    }

    /// Adds a block.
    pub fn data(&mut self, data: Bytes) {
        self.len += data.len() as u64;
        if data.len() <= COPIED {
            self.small.extend_from_slice(&data);
            return;
        }
        self.seal();
        self.segments.push_back(Segment::Large(data));
    }

    /// Adds a part of a file.
    pub fn region(&mut self, region: Box<FileRegion>) {
        self.len += region.len();
        self.seal();
        self.segments.push_back(Segment::File(region));
    }

    /// Ends the run of small bytes.
    fn seal(&mut self) {
        let run = self.small.len() - self.sealed.max(self.sent);
        if run > 0 {
            self.segments.push_back(Segment::Small(run));
        }
        self.sealed = self.small.len();
    }

    /// The only bytes there are, where they lie in one piece: the usual case, for a plain write.
    pub fn single(&self) -> Option<&[u8]> {
        self.segments.is_empty().then(|| &self.small[self.sent..])
    }

    /// The next bytes, up to the first file, as slices for a vectored write; at most as many as
    /// `slices` has room for. Gives their number.
    pub fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut at = self.sent;
        let mut n = 0;
        let mut files = false;
        for (segment, slot) in self.segments.iter().zip(slices.iter_mut()) {
            *slot = match segment {
                Segment::Small(len) => {
                    at += len;
                    IoSlice::new(&self.small[at - len..at])
                }
                Segment::Large(data) => IoSlice::new(data),
                Segment::File(_) => {
                    files = true;
                    break;
                }
            };
            n += 1;
        }
        let rest = &self.small[self.sealed.max(self.sent)..];
        if !files && n == self.segments.len() && n < slices.len() && !rest.is_empty() {
            slices[n] = IoSlice::new(rest);
            n += 1;
        }
        n
    }

    /// The file whose bytes come next.
    pub fn file(&mut self) -> Option<&mut FileRegion> {
        match self.segments.front_mut() {
            Some(Segment::File(region)) => Some(region),
            _ => None,
        }
    }

    /// Takes off what was sent. Bytes of a file that was itself
    /// [advanced](FileRegion::advance) count, too: call [`file_sent`](Self::file_sent) for those.
    pub fn advance(&mut self, mut sent: usize) {
        self.len -= sent as u64;
        while sent > 0 {
            match self.segments.front_mut() {
                Some(Segment::Small(len)) => {
                    let n = sent.min(*len);
                    *len -= n;
                    self.sent += n;
                    sent -= n;
                    if *len == 0 {
                        self.segments.pop_front();
                    }
                }
                Some(Segment::Large(data)) => {
                    let n = sent.min(data.len());
                    data.advance(n);
                    sent -= n;
                    if data.is_empty() {
                        self.segments.pop_front();
                    }
                }
                Some(Segment::File(_)) => {
                    debug_assert!(false, "a file's bytes are not in the slices");
                    break;
                }
                None => {
                    self.sent += sent;
                    sent = 0;
                }
            }
        }
        self.reclaim();
    }

    /// Takes off what the system sent of the file in front.
    pub fn file_sent(&mut self, sent: u64) {
        let Some(region) = self.file() else { return };
        let sent = sent.min(region.len());
        region.advance(sent);
        if region.is_empty() {
            self.segments.pop_front();
        }
        self.len -= sent;
        self.reclaim();
    }

    fn reclaim(&mut self) {
        if self.len > 0 {
            return;
        }
        self.segments.clear();
        self.small.clear();
        self.sent = 0;
        self.sealed = 0;
        if self.small.capacity() > KEPT {
            self.small = Vec::new();
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.len = 0;
        self.reclaim();
    }
}
