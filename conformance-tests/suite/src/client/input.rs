//! Bytes as they come off a connection.

use std::io;

use super::answer::quoted;
use super::{Connection, PATIENCE};

/// What a connection gave, and what was not taken of it yet.
#[derive(Debug, Default)]
pub(super) struct Input {
    buf: Vec<u8>,
    /// All that was read, of all connections.
    read: Vec<u8>,
}

/// What was wanted, or a line that says what came of it instead.
pub(super) type Done<T = ()> = Result<T, String>;

/// The longest head or line that is read.
const LONGEST: usize = 128 * 1024;

impl Input {
    /// Whether there is nothing to be taken.
    pub(super) fn is_empty(&self) -> bool {
        self.buf.is_empty()
    }

    /// Forgets what was not taken.
    pub(super) fn clear(&mut self) {
        self.buf.clear();
    }

    /// Takes what is there, up to `most` bytes.
    pub(super) fn take(&mut self, most: usize) -> Vec<u8> {
        let rest = self.buf.split_off(self.buf.len().min(most));
        std::mem::replace(&mut self.buf, rest)
    }

    /// No connection gave this text.
    pub(super) fn lacks(&self, text: &str) -> Done {
        let text = text.as_bytes();
        match self.read.windows(text.len()).any(|part| part == text) {
            true => Err(format!("the server sent {}", quoted(text))),
            false => Ok(()),
        }
    }

    /// Reads more; 0 at the end.
    pub(super) fn fill(&mut self, connection: &dyn Connection) -> io::Result<usize> {
        let mut chunk = [0; 32 * 1024];
        let n = connection.read(&mut chunk, PATIENCE)?;
        self.buf.extend_from_slice(&chunk[..n]);
        self.read.extend_from_slice(&chunk[..n]);
        Ok(n)
    }

    /// A head, its empty line included.
    pub(super) fn head(&mut self, connection: &dyn Connection) -> Done<Vec<u8>> {
        self.through(b"\r\n\r\n", connection, "head", "answer")
    }

    /// A line, without its end.
    pub(super) fn line(&mut self, connection: &dyn Connection) -> Done<String> {
        let mut line = self.through(b"\r\n", connection, "line", "line of a chunk")?;
        line.truncate(line.len() - 2);
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    /// Exactly so many bytes.
    pub(super) fn exactly(
        &mut self,
        len: usize,
        connection: &dyn Connection,
        what: &str,
    ) -> Done<Vec<u8>> {
        while self.buf.len() < len {
            self.need(connection, what)?;
        }
        Ok(self.take(len))
    }

    /// What comes up to the end of the connection, and how it ended, in a word.
    pub(super) fn until_end(
        &mut self,
        connection: &dyn Connection,
    ) -> Done<(Vec<u8>, &'static str)> {
        let end = loop {
            match self.fill(connection) {
                Ok(0) => break "closed",
                Ok(_) => {}
                Err(error) if is_timeout(&error) => {
                    return Err(format!("the connection stays open for {PATIENCE:?}"));
                }
                Err(_) => break "reset",
            }
        };
        Ok((self.take(usize::MAX), end))
    }

    /// What comes up to these bytes, and they. `what` it is, and of what it is a part.
    fn through(
        &mut self,
        end: &[u8],
        connection: &dyn Connection,
        what: &str,
        whole: &str,
    ) -> Done<Vec<u8>> {
        loop {
            let mut parts = self.buf.windows(end.len());
            if let Some(at) = parts.position(|part| part == end) {
                return Ok(self.take(at + end.len()));
            }
            if self.buf.len() > LONGEST {
                return Err(format!("a {what} without end"));
            }
            self.need(connection, whole)?;
        }
    }

    /// Reads more of what is not over; a word for how it ended if it is.
    fn need(&mut self, connection: &dyn Connection, what: &str) -> Done {
        let end = match self.fill(connection) {
            Ok(0) => "closed",
            Ok(_) => return Ok(()),
            Err(error) if is_timeout(&error) => {
                return Err(format!("no {what} within {PATIENCE:?}{}", self.behind()));
            }
            Err(_) => "reset",
        };
        Err(format!(
            "no {what}: the connection was {end}{}",
            self.behind()
        ))
    }

    fn behind(&self) -> String {
        match self.buf.is_empty() {
            true => String::new(),
            false => format!(", behind {}", quoted(&self.buf)),
        }
    }
}

pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}
