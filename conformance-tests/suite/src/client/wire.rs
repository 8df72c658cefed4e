//! The client over a connection.

use std::fmt::Write as _;
use std::time::Duration;

use super::ask::Request;
use super::input::Done;
use super::link::Link;
use super::reader::Reader;
use super::{Connection, Target};

/// A connection and what was read of it.
pub(super) struct Wire<'a> {
    target: &'a dyn Target,
    connection: Option<Box<dyn Connection>>,
    reader: Reader,
    /// What was read of HTTP/2.
    link: Link,
}

/// Bytes of a request above which it is written by a thread of its own, so that nobody waits for the
/// other.
const LARGE: usize = 16 * 1024;

/// How long a server that takes nothing more takes nothing.
const STUCK: Duration = Duration::from_millis(300);

impl<'a> Wire<'a> {
    pub(super) fn new(target: &'a dyn Target) -> Wire<'a> {
        Wire {
            target,
            connection: None,
            reader: Reader::default(),
            link: Link::default(),
        }
    }

    /// The same without a connection.
    pub(super) fn another(&self) -> Wire<'a> {
        Wire {
            reader: self.reader.another(),
            ..Wire::new(self.target)
        }
    }

    pub(super) fn show(&mut self, field: &'static str) {
        self.reader.show(field);
    }

    pub(super) fn lacks(&self, text: &str) -> Done {
        self.reader.lacks(text)
    }

    pub(super) fn connect(&mut self) -> Done {
        self.close();
        let connection = self.target.connect();
        self.connection = Some(connection.map_err(|error| format!("no connection: {error}"))?);
        Ok(())
    }

    pub(super) fn close(&mut self) {
        self.connection = None;
        self.reader.close();
        self.link = Link::default();
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
        let (reader, connection) = self.reading()?;
        let is_large = writes.iter().map(Vec::len).sum::<usize>() > LARGE;
        let write = || {
            for bytes in &writes {
                if connection.write_all(bytes).is_err() {
                    return;
                }
            }
        };
        let mut read = || match request.leave_after {
            None => reader.answer(connection, request.method == "HEAD", seen),
            Some(bytes) => {
                connection.reset_on_drop();
                reader.head(connection, false, seen)?;
                let len = usize::try_from(bytes).unwrap_or(usize::MAX);
                reader.block(connection, len, seen)?;
                Ok(false)
            }
        };
        let done = match is_large {
            false => {
                write();
                read()
            }
            true => std::thread::scope(|scope| {
                scope.spawn(write);
                let done = read();
                if done.is_err() {
                    // Or the writer would wait on.
                    connection.half_close();
                }
                done
            }),
        };
        if !matches!(done, Ok(true)) {
            self.close();
        }
        done.map(drop)
    }

    pub(super) fn answer(&mut self, bodiless: bool, seen: &mut String) -> Done {
        let (reader, connection) = self.reading()?;
        reader.answer(connection, bodiless, seen).map(drop)
    }

    pub(super) fn head(&mut self, seen: &mut String) -> Done {
        let (reader, connection) = self.reading()?;
        reader.head(connection, false, seen)
    }

    pub(super) fn block(&mut self, len: usize, seen: &mut String) -> Done {
        let (reader, connection) = self.reading()?;
        reader.block(connection, len, seen)
    }

    pub(super) fn rest(&mut self, seen: &mut String) -> Done {
        let (reader, connection) = self.reading()?;
        reader.rest(connection, seen).map(drop)
    }

    pub(super) fn switched(&mut self, len: usize, seen: &mut String) -> Done {
        let (reader, connection) = self.reading()?;
        reader.switched(connection, len, seen)
    }

    pub(super) fn end(&mut self, seen: &mut String) -> Done {
        let (reader, connection) = self.reading()?;
        reader.end(connection, seen)?;
        self.close();
        Ok(())
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
        let (reader, connection) = wire.reading()?;
        reader.page(connection)
    }

    pub(super) fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// The same of HTTP/2.
    pub(super) fn linked(&mut self) -> Done<(&mut Link, &dyn Connection)> {
        let connection = self.connection.as_deref();
        let connection = connection.ok_or_else(|| "nothing was sent".to_owned())?;
        Ok((&mut self.link, connection))
    }

    /// What reads, and what it reads from.
    fn reading(&mut self) -> Done<(&mut Reader, &dyn Connection)> {
        let connection = self.connection.as_deref();
        let connection = connection.ok_or_else(|| "nothing was sent".to_owned())?;
        Ok((&mut self.reader, connection))
    }
}
