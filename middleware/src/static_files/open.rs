//! Opening what is below a directory, and nothing else.

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// A directory.
#[derive(Debug)]
pub(super) struct Root(OwnedFd);

/// Whether opening may wait for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    May,
    Not,
}

/// What a path leads to.
pub(super) enum Found {
    File(File, Metadata),
    Directory,
    Nothing,
    /// Nobody knows without waiting.
    Later,
}

/// Never waits for a writer of a pipe, and never makes a terminal that of the server.
const FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOCTTY)
    .union(OFlags::NONBLOCK);

impl Root {
    pub(super) fn open(path: &Path) -> io::Result<Root> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Root(rustix::fs::open(path, flags, Mode::empty())?))
    }

    /// What a path of plain names, without a slash at either end, leads to; an empty one is the
    /// directory itself.
    ///
    /// # Errors
    ///
    /// What the system says, but that it is not there or not to be seen.
    pub(super) fn find(&self, path: &[u8], wait: Wait) -> io::Result<Found> {
        if path.is_empty() {
            return Ok(Found::Directory);
        }
        let file = match open_beneath(&self.0, path, wait) {
            Ok(file) => File::from(file),
            Err(Errno::AGAIN) if wait == Wait::Not => return Ok(Found::Later),
            Err(
                Errno::NOENT
                | Errno::NOTDIR
                | Errno::ACCESS
                | Errno::PERM
                | Errno::LOOP
                | Errno::XDEV
                | Errno::NAMETOOLONG
                | Errno::INVAL
                // A socket, and a device that is not there.
                | Errno::NXIO
                | Errno::NODEV,
            ) => return Ok(Found::Nothing),
            Err(error) => return Err(error.into()),
        };
        let metadata = file.metadata()?;
        Ok(if metadata.is_file() {
            Found::File(file, metadata)
        } else if metadata.is_dir() {
            Found::Directory
        } else {
            Found::Nothing
        })
    }
}

/// How often to try again where names change while they are looked up.
#[cfg(target_os = "linux")]
const TRIES: usize = 16;

#[cfg(target_os = "linux")]
fn open_beneath(root: &OwnedFd, path: &[u8], wait: Wait) -> Result<OwnedFd, Errno> {
    use rustix::fs::{ResolveFlags, openat2};

    let mut resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    if wait == Wait::Not {
        resolve |= ResolveFlags::CACHED;
    }
    for _ in 0..TRIES {
        match openat2(root, path, FLAGS, Mode::empty(), resolve) {
            Err(Errno::AGAIN) if wait == Wait::May => {}
            // Linux before 5.12 does not know what is cached.
            Err(Errno::INVAL) if wait == Wait::Not => return Err(Errno::AGAIN),
            // Before 5.6, or where a filter of system calls does not know it.
            Err(Errno::NOSYS | Errno::PERM) if wait == Wait::Not => return Err(Errno::AGAIN),
            Err(Errno::NOSYS | Errno::PERM) => return walk(root, path),
            opened => return opened,
        }
    }
    Err(Errno::NOENT)
}

#[cfg(not(target_os = "linux"))]
fn open_beneath(root: &OwnedFd, path: &[u8], wait: Wait) -> Result<OwnedFd, Errno> {
    match wait {
        Wait::May => walk(root, path),
        Wait::Not => Err(Errno::AGAIN),
    }
}

/// Name by name, following no link.
fn walk(root: &OwnedFd, path: &[u8]) -> Result<OwnedFd, Errno> {
    let flags = FLAGS | OFlags::NOFOLLOW;
    let open =
        |at: &OwnedFd, name: &[u8], more| rustix::fs::openat(at, name, flags | more, Mode::empty());
    let mut names = path.split(|byte| *byte == b'/').peekable();
    let mut at: Option<OwnedFd> = None;
    while let Some(name) = names.next() {
        let more = match names.peek() {
            Some(_) => OFlags::DIRECTORY,
            None => OFlags::empty(),
        };
        at = Some(open(at.as_ref().unwrap_or(root), name, more)?);
    }
    at.ok_or(Errno::NOENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walking_follows_no_link() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir(at("a")).unwrap();
        std::fs::write(at("a/b"), "b").unwrap();
        std::os::unix::fs::symlink("a", at("link")).unwrap();
        std::os::unix::fs::symlink("a/b", at("file")).unwrap();
        let root = Root::open(dir.path()).unwrap();
        assert!(walk(&root.0, b"a/b").is_ok());
        for path in [&b"link/b"[..], b"file", b"a/b/c", b"none"] {
            assert!(walk(&root.0, path).is_err());
        }
    }

    /// The system looks names below `/proc/sys` up anew each time, and so never without a wait.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_not_at_hand_is_found_later() {
        let root = Root::open(Path::new("/proc/sys/kernel")).unwrap();
        for (wait, at_once) in [(Wait::Not, false), (Wait::May, true)] {
            let found = root.find(b"ostype", wait).unwrap();
            assert_eq!(matches!(found, Found::File(..)), at_once, "{wait:?}");
            assert_eq!(matches!(found, Found::Later), !at_once, "{wait:?}");
        }
    }
}
