//! The client over a connection.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use super::answer::{Framing, Head, quoted, write_body};
use super::ask::Request;
use super::{Connection, PATIENCE, Target};

/// A connection and what was read of it.
pub(super) struct Wire<'a> {
    target: &'a dyn Target,
    connection: Option<Box<dyn Connection>>,
    buf: Vec<u8>,
    /// All that was read, of all connections.
    read: Vec<u8>,
    /// The last head, and what is left of its body.
    open: Option<(Head, Left)>,
    /// Fields that are written down although they are left out otherwise.
    shown: Vec<&'static str>,
}

/// What is left of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Nothing,
    Bytes(u64),
    /// The size of the next chunk, and the chunk.
    Size,
    /// Bytes of this chunk.
    Chunk(u64),
    /// The trailers.
    Trailers,
    /// Up to the connection's end.
    Close,
}

/// How a piece of a body came out.
enum Piece {
    Bytes(Vec<u8>),
    End,
    Cut,
}

/// The longest head or line that is read.
const LONGEST: usize = 128 * 1024;

/// Bytes of a request above which it is written by a thread of its own, so that nobody waits for the
/// other.
const LARGE: usize = 16 * 1024;

/// How long a server that takes nothing more takes nothing.
const STUCK: Duration = Duration::from_millis(300);

type Done<T = ()> = Result<T, String>;

impl<'a> Wire<'a> {
    pub(super) fn new(target: &'a dyn Target) -> Wire<'a> {
        Wire {
            target,
            connection: None,
            buf: Vec::new(),
            read: Vec::new(),
            open: None,
            shown: Vec::new(),
        }
    }

    /// The same without a connection.
    pub(super) fn another(&self) -> Wire<'a> {
        Wire {
            shown: self.shown.clone(),
            ..Wire::new(self.target)
        }
    }

    pub(super) fn show(&mut self, field: &'static str) {
        self.shown.push(field);
    }

    pub(super) fn lacks(&self, text: &str) -> Done {
        let text = text.as_bytes();
        match self.read.windows(text.len()).any(|part| part == text) {
            true => Err(format!("the server sent {}", quoted(text))),
            false => Ok(()),
        }
    }

    pub(super) fn connect(&mut self) -> Done {
        self.close();
        let connection = self.target.connect();
        self.connection = Some(connection.map_err(|error| format!("no connection: {error}"))?);
        Ok(())
    }

    pub(super) fn close(&mut self) {
        self.connection = None;
        self.buf.clear();
        self.open = None;
    }

    fn connected(&mut self) -> Done<&dyn Connection> {
        if self.connection.is_none() {
            self.connect()?;
        }
        self.connection
            .as_deref()
            .ok_or_else(|| "no connection".to_owned())
    }

    /// A server that takes no more may have answered: that is seen by reading.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Done {
        let _ = self.connected()?.write_all(bytes);
        Ok(())
    }

    /// Sends until nothing is taken for a while.
    pub(super) fn flood(&mut self, most: usize) -> Done {
        let block = [b'x'; 64 * 1024];
        let mut sent = 0;
        while let Ok(n) = self.connected()?.write(&block, STUCK) {
            sent += n;
            if sent > most {
                return Err(format!("the server took {sent} bytes, and would take more"));
            }
        }
        Ok(())
    }

    pub(super) fn half_close(&mut self) -> Done {
        self.connected()?.half_close();
        Ok(())
    }

    pub(super) fn leave(&mut self) -> Done {
        self.connected()?.reset_on_drop();
        self.close();
        Ok(())
    }

    /// Sends a request and reads its answer. What becomes of the connection is not what such a case is
    /// about.
    pub(super) fn perform(&mut self, request: &Request, named: &str, seen: &mut String) -> Done {
        let mut all = String::new();
        let done = self.ask(request, named, &mut all);
        for line in all.lines().filter(|line| *line != "connection: close") {
            let _ = writeln!(seen, "{line}");
        }
        done
    }

    fn ask(&mut self, request: &Request, named: &str, seen: &mut String) -> Done {
        let writes = request.encode(named);
        self.connected()?;
        let connection = self.connection.take().expect("just connected");
        let is_large = writes.iter().map(Vec::len).sum::<usize>() > LARGE;
        let write = || {
            for bytes in &writes {
                if connection.write_all(bytes).is_err() {
                    return;
                }
            }
        };
        let read = |wire: &mut Self, seen: &mut String| match request.leave_after {
            None => wire.answer_from(&*connection, request.method == "HEAD", seen),
            Some(bytes) => wire.part_from(&*connection, bytes, seen),
        };
        let done = match is_large {
            false => {
                write();
                read(self, seen)
            }
            true => std::thread::scope(|scope| {
                scope.spawn(write);
                let done = read(self, seen);
                if done.is_err() {
                    // Or the writer would wait on.
                    connection.half_close();
                }
                done
            }),
        };
        if request.leave_after.is_some() {
            connection.reset_on_drop();
            self.close();
            return done.map(drop);
        }
        if done? {
            self.connection = Some(connection);
        } else {
            self.close();
        }
        Ok(())
    }

    /// A whole answer; whether the connection lives on.
    fn answer_from(
        &mut self,
        connection: &dyn Connection,
        bodiless: bool,
        seen: &mut String,
    ) -> Done<bool> {
        loop {
            self.head_from(connection, bodiless, seen)?;
            match &self.open {
                Some((head, _)) if head.is_interim() => {}
                _ => break,
            }
        }
        let closes = self.open.as_ref().is_some_and(|(head, _)| head.closes());
        let cut = self.rest_from(connection, seen)?;
        Ok(!closes && !cut)
    }

    /// A head and some of the body.
    fn part_from(
        &mut self,
        connection: &dyn Connection,
        len: u64,
        seen: &mut String,
    ) -> Done<bool> {
        self.head_from(connection, false, seen)?;
        self.block_from(connection, usize::try_from(len).unwrap_or(usize::MAX), seen)?;
        Ok(false)
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Self, &dyn Connection) -> Done<T>) -> Done<T> {
        let connection = self.connection.take();
        let connection = connection.ok_or_else(|| "nothing was sent".to_owned())?;
        let done = act(self, &*connection);
        self.connection = Some(connection);
        done
    }

    pub(super) fn answer(&mut self, bodiless: bool, seen: &mut String) -> Done {
        self.with(|wire, connection| wire.answer_from(connection, bodiless, seen))
            .map(drop)
    }

    pub(super) fn head(&mut self, seen: &mut String) -> Done {
        self.with(|wire, connection| wire.head_from(connection, false, seen))
    }

    pub(super) fn block(&mut self, len: usize, seen: &mut String) -> Done {
        self.with(|wire, connection| wire.block_from(connection, len, seen))
    }

    pub(super) fn rest(&mut self, seen: &mut String) -> Done {
        self.with(|wire, connection| wire.rest_from(connection, seen))
            .map(drop)
    }

    pub(super) fn switched(&mut self, len: usize, seen: &mut String) -> Done {
        self.with(|wire, connection| {
            while wire.buf.len() < len {
                wire.need(connection, "more of the other protocol")?;
            }
            let bytes: Vec<u8> = wire.buf.drain(..len).collect();
            write_body(&bytes, seen);
            Ok(())
        })
    }

    pub(super) fn end(&mut self, seen: &mut String) -> Done {
        self.with(|wire, connection| {
            let end = loop {
                match wire.fill(connection) {
                    Ok(0) => break "closed",
                    Ok(_) => {}
                    Err(error) if is_timeout(&error) => {
                        return Err(format!("the connection stays open for {PATIENCE:?}"));
                    }
                    Err(_) => break "reset",
                }
            };
            write_body(&wire.buf, seen);
            wire.buf.clear();
            let _ = writeln!(seen, "{end}");
            Ok(())
        })?;
        self.close();
        Ok(())
    }

    fn fill(&mut self, connection: &dyn Connection) -> io::Result<usize> {
        let mut chunk = [0; 32 * 1024];
        let n = connection.read(&mut chunk, PATIENCE)?;
        self.buf.extend_from_slice(&chunk[..n]);
        self.read.extend_from_slice(&chunk[..n]);
        Ok(n)
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

    fn head_from(
        &mut self,
        connection: &dyn Connection,
        bodiless: bool,
        seen: &mut String,
    ) -> Done {
        let end = loop {
            if let Some(at) = self.buf.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if self.buf.len() > LONGEST {
                return Err("a head without end".to_owned());
            }
            self.need(connection, "answer")?;
        };
        let head = Head::parse(&self.buf[..end], bodiless)?;
        self.buf.drain(..end);
        head.write(&self.shown, seen);
        let left = match head.framing {
            Framing::None => Left::Nothing,
            Framing::Length(0) => Left::Nothing,
            Framing::Length(length) => Left::Bytes(length),
            Framing::Chunked => Left::Size,
            Framing::Close if head.is_interim() || head.status == 101 => Left::Nothing,
            Framing::Close => Left::Close,
        };
        self.open = Some((head, left));
        Ok(())
    }

    fn line(&mut self, connection: &dyn Connection) -> Done<String> {
        let end = loop {
            if let Some(at) = self.buf.windows(2).position(|two| two == b"\r\n") {
                break at;
            }
            if self.buf.len() > LONGEST {
                return Err("a line without end".to_owned());
            }
            self.need(connection, "line of a chunk")?;
        };
        let line = String::from_utf8_lossy(&self.buf[..end]).into_owned();
        self.buf.drain(..end + 2);
        Ok(line)
    }

    /// The size of the next chunk; none where the connection ends before it.
    fn chunk_size(&mut self, connection: &dyn Connection) -> Done<Option<u64>> {
        let Ok(line) = self.line(connection) else {
            return Ok(None);
        };
        let size =
            u64::from_str_radix(&line, 16).map_err(|_| format!("a chunk of size {line:?}"))?;
        Ok(Some(size))
    }

    /// Up to `most` bytes of the body.
    fn piece(&mut self, connection: &dyn Connection, most: usize) -> Done<Piece> {
        let Some((_, mut left)) = self.open.as_ref().map(|(head, left)| (head, *left)) else {
            return Err("a body was asked for before its head".to_owned());
        };
        if left == Left::Size {
            left = match self.chunk_size(connection)? {
                None => return Ok(Piece::Cut),
                Some(0) => Left::Trailers,
                Some(size) => Left::Chunk(size),
            };
            self.set_left(left);
        }
        let within = match left {
            Left::Nothing | Left::Trailers | Left::Size => return Ok(Piece::End),
            Left::Bytes(n) | Left::Chunk(n) => n,
            Left::Close => u64::MAX,
        };
        if self.buf.is_empty() {
            match self.fill(connection) {
                Ok(0) if left == Left::Close => return Ok(Piece::End),
                Err(error) if is_timeout(&error) => {
                    return Err(format!("no more of a body within {PATIENCE:?}"));
                }
                Ok(0) | Err(_) => return Ok(Piece::Cut),
                Ok(_) => {}
            }
        }
        let n = self
            .buf
            .len()
            .min(most)
            .min(usize::try_from(within).unwrap_or(usize::MAX));
        let bytes: Vec<u8> = self.buf.drain(..n).collect();
        let next = match left {
            Left::Bytes(left) if left == n as u64 => Left::Nothing,
            Left::Bytes(left) => Left::Bytes(left - n as u64),
            Left::Chunk(left) if left == n as u64 => match self.line(connection) {
                Ok(line) if line.is_empty() => Left::Size,
                Ok(line) => return Err(format!("{line:?} behind a chunk")),
                Err(_) => return Ok(Piece::Cut),
            },
            Left::Chunk(left) => Left::Chunk(left - n as u64),
            other => other,
        };
        self.set_left(next);
        Ok(Piece::Bytes(bytes))
    }

    fn set_left(&mut self, next: Left) {
        if let Some((_, left)) = &mut self.open {
            *left = next;
        }
    }

    fn block_from(&mut self, connection: &dyn Connection, len: usize, seen: &mut String) -> Done {
        let mut block = Vec::new();
        while block.len() < len {
            match self.piece(connection, len - block.len())? {
                Piece::Bytes(bytes) => block.extend(bytes),
                Piece::End => return Err(format!("the body ends behind {}", quoted(&block))),
                Piece::Cut => return Err(format!("the body is cut behind {}", quoted(&block))),
            }
        }
        write_body(&block, seen);
        Ok(())
    }

    /// The rest of a body and its trailers; whether it was cut.
    fn rest_from(&mut self, connection: &dyn Connection, seen: &mut String) -> Done<bool> {
        let mut body = Vec::new();
        let cut = loop {
            match self.piece(connection, usize::MAX)? {
                Piece::Bytes(bytes) => body.extend(bytes),
                Piece::End => break false,
                Piece::Cut => break true,
            }
        };
        let Some((head, left)) = self.open.take() else {
            return Ok(false);
        };
        head.write_body(&body, seen);
        if cut {
            let _ = writeln!(seen, "cut");
            return Ok(true);
        }
        if left == Left::Trailers {
            loop {
                let line = self.line(connection)?;
                if line.is_empty() {
                    break;
                }
                let _ = writeln!(seen, "trailer {}", line.to_ascii_lowercase());
            }
        }
        Ok(false)
    }

    /// Asks something beside the case, on a connection of its own.
    pub(super) fn control(&self, target: &str, named: &[(&str, &str)]) -> Done<String> {
        let mut wire = Wire::new(self.target);
        let named: String = named
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        wire.send(
            format!(
                "GET {target} HTTP/1.1\r\nHost: test.invalid\r\nConnection: close\r\n{named}\r\n"
            )
            .as_bytes(),
        )?;
        let mut body = Vec::new();
        wire.with(|wire, connection| {
            wire.head_from(connection, false, &mut String::new())?;
            loop {
                match wire.piece(connection, usize::MAX)? {
                    Piece::Bytes(bytes) => body.extend(bytes),
                    Piece::End => return Ok(()),
                    Piece::Cut => return Err("the answer of the site was cut".to_owned()),
                }
            }
        })?;
        let by_site = wire
            .open
            .as_ref()
            .is_some_and(|(head, _)| head.is_by_site());
        match String::from_utf8(body) {
            Ok(text) if by_site => Ok(text),
            _ => Err("what answers is not the site of the suite".to_owned()),
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}
