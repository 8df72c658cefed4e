//! Parts of files.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use bytes::Bytes;

/// A range of bytes of an open file.
#[derive(Debug)]
pub struct FileRegion {
    file: File,
    range: Range<u64>,
}

impl FileRegion {
    /// A part of a file, in bytes from its start.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the range does not lie inside the file as it is now, or ends before it
    /// begins; and what the system says of the file.
    pub fn new(file: File, range: Range<u64>) -> io::Result<FileRegion> {
        let size = file.metadata()?.len();
        if range.start > range.end || range.end > size {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("range {range:?} does not lie inside a file of {size} bytes"),
            ));
        }
        Ok(FileRegion { file, range })
    }

    /// A whole file.
    ///
    /// # Errors
    ///
    /// What the system says of the file.
    pub fn whole(file: File) -> io::Result<FileRegion> {
        let size = file.metadata()?.len();
        Ok(FileRegion {
            file,
            range: 0..size,
        })
    }

    /// The number of bytes left.
    pub fn len(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// Whether no bytes are left.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// The file, for servers that let the system send it.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// What is left of the range, in bytes from the start of the file.
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// Leaves out the first `bytes` of what is left: they were sent by other means.
    pub fn advance(&mut self, bytes: u64) {
        self.range.start = self.range.end.min(self.range.start.saturating_add(bytes));
    }

    /// Cuts what is left to at most `bytes`.
    pub fn truncate(&mut self, bytes: u64) {
        self.range.end = self.range.end.min(self.range.start.saturating_add(bytes));
    }

    /// Reads the next bytes, at most `max` (which counts as 1 at least); `None` at the end. For
    /// servers without sendfile and middleware that must see the bytes. Blocks on the disk.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the file has become shorter; and what the system says.
    pub fn next_chunk(&mut self, max: usize) -> io::Result<Option<Bytes>> {
        let want = usize::try_from(self.len()).unwrap_or(usize::MAX);
        let want = want.min(max.max(1));
        if want == 0 {
            return Ok(None);
        }
        let mut chunk = vec![0; want];
        let read = self.file.read_at(&mut chunk, self.range.start)?;
        if read == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("the file has become shorter than {} bytes", self.range.end),
            ));
        }
        chunk.truncate(read);
        self.range.start += read as u64;
        Ok(Some(chunk.into()))
    }
}
