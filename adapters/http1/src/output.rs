//! Bytes on their way out, in the order they were put in.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Write};

use bytes::{Buf, Bytes};
use rgi_core::FileRegion;

/// What is written and not sent yet: heads, framing and small blocks copied behind each other, large
/// blocks and files by reference. Responses may stand behind each other.
///
/// To send it, look in this order: while there is a [`file`](Self::file) in front, have the system
/// send of it and say with [`file_sent`](Self::file_sent) how much; otherwise give the
/// [`single`](Self::single) piece to a write or the [`slices`](Self::slices) to a vectored one, and
/// say with [`advance`](Self::advance) how much was taken. A server that may wait for its client has
/// [`write_to`](Self::write_to).
#[derive(Debug, Default)]
pub struct Output {
    small: Vec<u8>,
    /// Bytes of `small` that were sent.
    sent: usize,
    /// Bytes of `small` up to where the segments say what comes next; the rest is the last run.
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

/// Capacity above which the buffer is given back once it is empty, and sent bytes above which room
/// is made while it is not.
const KEPT: usize = 64 * 1024;

impl Output {
    /// Nothing to send.
    pub fn new() -> Output {
        Output::default()
    }

    /// Bytes that are still to be sent, those of files among them.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing is to be sent.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds bytes through `write`, which appends to what it is given and changes nothing in it.
    ///
    /// # Panics
    ///
    /// If `write` takes bytes away.
    pub fn small(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.small.len();
        write(&mut self.small);
        assert!(self.small.len() >= before, "`write` only appends");
        self.len += (self.small.len() - before) as u64;
    }

    /// Adds a block: copied up to 16 KiB, by reference above.
    pub fn data(&mut self, data: Bytes) {
        self.len += data.len() as u64;
        if data.len() <= COPIED {
            self.small.extend_from_slice(&data);
            return;
        }
        self.seal();
        self.segments.push_back(Segment::Large(data));
    }

    /// Adds a part of a file. An empty one is nothing.
    pub fn region(&mut self, region: Box<FileRegion>) {
        if region.is_empty() {
            return;
        }
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

    /// All the bytes there are, where they lie in one piece: the usual case, for a plain write.
    /// `None` where they do not, or a file is among them; empty where there are none.
    pub fn single(&self) -> Option<&[u8]> {
        self.segments.is_empty().then(|| &self.small[self.sent..])
    }

    /// The next bytes, up to the first file, as slices for a vectored write; at most as many as
    /// `slices` has room for. Gives their number: 0 where there are no bytes, a file comes first, or
    /// `slices` is empty.
    pub fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut at = self.sent;
        let mut n = 0;
        for (segment, slot) in self.segments.iter().zip(slices.iter_mut()) {
            *slot = match segment {
                Segment::Small(len) => {
                    at += len;
                    IoSlice::new(&self.small[at - len..at])
                }
                Segment::Large(data) => IoSlice::new(data),
                Segment::File(_) => break,
            };
            n += 1;
        }
        let rest = &self.small[self.sealed.max(self.sent)..];
        if n == self.segments.len() && n < slices.len() && !rest.is_empty() {
            slices[n] = IoSlice::new(rest);
            n += 1;
        }
        n
    }

    /// The part of a file whose bytes come next.
    pub fn file(&self) -> Option<&FileRegion> {
        match self.segments.front() {
            Some(Segment::File(region)) => Some(region),
            _ => None,
        }
    }

    /// Takes off what was sent of [`single`](Self::single) or [`slices`](Self::slices), in bytes.
    ///
    /// # Panics
    ///
    /// If those had not so many bytes.
    pub fn advance(&mut self, mut sent: usize) {
        let left = self.len.checked_sub(sent as u64);
        self.len = left.expect("no more is sent than there was");
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
                Some(Segment::File(_)) => panic!("what was sent of a file is for `file_sent`"),
                None => {
                    self.sent += sent;
                    sent = 0;
                }
            }
        }
        self.reclaim();
    }

    /// Takes off what the system sent of the [`file`](Self::file) in front, in bytes; of more than
    /// it has, all.
    pub fn file_sent(&mut self, sent: u64) {
        let Some(Segment::File(region)) = self.segments.front_mut() else {
            return;
        };
        let sent = sent.min(region.len());
        region.advance(sent);
        if region.is_empty() {
            self.segments.pop_front();
        }
        self.len -= sent;
        self.reclaim();
    }

    /// Makes room where enough was sent.
    fn reclaim(&mut self) {
        if self.len > 0 {
            // At least as much was sent as is moved.
            if self.sent >= KEPT && self.sent >= self.small.len() - self.sent {
                self.small.drain(..self.sent);
                self.sealed = self.sealed.saturating_sub(self.sent);
                self.sent = 0;
            }
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

    /// Writes everything to a blocking stream; parts of files by way of memory.
    ///
    /// # Errors
    ///
    /// What the stream or a file says, `UnexpectedEof` of a file that has become shorter than was
    /// promised. What was not written is still there.
    pub fn write_to(&mut self, stream: &mut impl Write) -> io::Result<()> {
        while !self.is_empty() {
            if let Some(Segment::File(region)) = self.segments.front_mut() {
                let Some(chunk) = region.next_chunk(COPIED)? else {
                    self.segments.pop_front();
                    continue;
                };
                self.len -= chunk.len() as u64;
                stream.write_all(&chunk)?;
                continue;
            }
            let mut slices = [IoSlice::new(&[]); 8];
            let n = self.slices(&mut slices);
            match stream.write_vectored(&slices[..n]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => self.advance(n),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.reclaim();
        Ok(())
    }

    /// Forgets everything: whoever it was for is gone.
    pub fn clear(&mut self) {
        self.len = 0;
        self.reclaim();
    }
}
