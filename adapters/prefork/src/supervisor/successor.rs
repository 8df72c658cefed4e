//! A program's new file, started on the sockets of the old one.

use std::env;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::parent_id;
use std::process::{Child, Command, id};

use rustix::io::{FdFlags, fcntl_setfd};

/// Where a successor finds what it inherits: the id of the process before it, then a line for each
/// socket, its descriptor and its name.
const VARIABLE: &str = "RGI_SUCCESSION";

/// What a successor is started with: a command, and sockets by their names.
#[derive(Debug)]
pub struct Succession {
    command: Command,
    sockets: Vec<(String, OwnedFd)>,
}

impl Succession {
    /// A successor that this command starts.
    pub fn new(command: Command) -> Succession {
        Succession {
            command,
            sockets: Vec::new(),
        }
    }

    /// Passes on a socket. Names are one line; several sockets may have the same.
    ///
    /// # Errors
    ///
    /// If there are no descriptors left.
    pub fn pass(&mut self, name: &str, socket: impl AsFd) -> io::Result<()> {
        let copy = socket.as_fd().try_clone_to_owned()?;
        self.sockets.push((name.to_owned(), copy));
        Ok(())
    }

    pub(super) fn start(mut self) -> io::Result<Child> {
        let mut said = id().to_string();
        for (name, socket) in &self.sockets {
            fcntl_setfd(socket, FdFlags::empty())?;
            said.push_str(&format!("\n{} {name}", socket.as_raw_fd()));
        }
        self.command.env(VARIABLE, said).spawn()
    }
}

/// What this process inherits as a successor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inheritance {
    /// The process before it, which goes on until it is told that this one serves.
    pub predecessor: u32,
    /// Listening sockets: name and descriptor.
    pub sockets: Vec<(String, RawFd)>,
}

impl Inheritance {
    /// What there is, if this process was started as a successor: by its own parent, so that those
    /// it starts itself do not take themselves for one.
    pub fn find() -> Option<Inheritance> {
        let said = env::var(VARIABLE).ok()?;
        read(&said).filter(|it| it.predecessor == parent_id())
    }
}

fn read(said: &str) -> Option<Inheritance> {
    let mut lines = said.lines();
    let predecessor = lines.next()?.parse().ok()?;
    let socket = |line: &str| {
        let (descriptor, name) = line.split_once(' ')?;
        Some((name.to_owned(), descriptor.parse().ok()?))
    };
    Some(Inheritance {
        predecessor,
        sockets: lines.map(socket).collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read() {
        let said = "17\n3 127.0.0.1:80\n4 unix:/a b";
        let sockets = vec![("127.0.0.1:80".to_owned(), 3), ("unix:/a b".to_owned(), 4)];
        let inheritance = Inheritance {
            predecessor: 17,
            sockets,
        };
        assert_eq!(read(said), Some(inheritance));
        assert_eq!(read("17\nx y"), None);
        assert_eq!(read(""), None);
    }
}
