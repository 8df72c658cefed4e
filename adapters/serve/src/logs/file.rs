//! A file that lines are appended to, by several threads and processes at once.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{self, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{Gid, OFlags, Uid, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

use super::descriptor;

/// Where the lines of a log go. There is no lock: a line is one write, which the system appends as a
/// whole, whoever else writes (to a pipe, up to 4096 bytes of it).
pub(crate) struct LogFile {
    to: To,
    /// A write has failed since it was opened.
    failed: AtomicBool,
}

enum To {
    Stdout,
    Stderr,
    /// The path is absolute: a program may change its folder.
    File(PathBuf, OwnedFd),
}

impl LogFile {
    pub(crate) fn stdout() -> LogFile {
        LogFile::new(To::Stdout)
    }

    pub(crate) fn stderr() -> LogFile {
        LogFile::new(To::Stderr)
    }

    /// Appends to the file at `path`, which is made if there is none.
    pub(crate) fn open(path: &Path) -> io::Result<LogFile> {
        let path = path::absolute(path)?;
        let file = open(&path)?;
        Ok(LogFile::new(To::File(path, file)))
    }

    fn new(to: To) -> LogFile {
        LogFile {
            to,
            failed: AtomicBool::new(false),
        }
    }

    /// What a complaint calls it.
    pub(crate) fn name(&self) -> String {
        match &self.to {
            To::File(path, _) => path.display().to_string(),
            To::Stdout => "standard output".to_owned(),
            To::Stderr => "standard error".to_owned(),
        }
    }

    /// Appends a line, its end included. The first failure since the file was opened is complained
    /// of; the next ones are as silent as their lines are lost.
    pub(crate) fn append(&self, line: &[u8], complain: impl FnOnce(io::Error)) {
        let written = match &self.to {
            To::Stdout => write(io::stdout(), line),
            // The standard library's lock, so that a panic's message stays in one piece.
            To::Stderr => write(io::stderr().lock(), line),
            To::File(_, file) => write(file, line),
        };
        if let Err(error) = written
            && !self.failed.swap(true, Ordering::Relaxed)
        {
            complain(error);
        }
    }

    /// Opens the path anew, at once for all threads; if that fails, the file that was open goes on.
    /// Standard output and error stay what they are.
    pub(crate) fn reopen(&self) -> io::Result<()> {
        if let To::File(path, file) = &self.to {
            descriptor::replace(file, open(path)?)?;
        }
        self.failed.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Makes a file somebody else's, who may open it anew. Standard output and error stay what they
    /// are.
    pub(crate) fn give_to(&self, user: Option<u32>, group: Option<u32>) -> io::Result<()> {
        if let To::File(_, file) = &self.to {
            let (user, group) = (user.map(Uid::from_raw), group.map(Gid::from_raw));
            rustix::fs::fchown(file, user, group)?;
        }
        Ok(())
    }
}

/// Without waiting: a pipe that nobody reads is an error, not the end of the program's starting.
fn open(path: &Path) -> io::Result<OwnedFd> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32);
    let file = OwnedFd::from(options.open(path)?);
    // Lines of a pipe whose reader is slow are waited for, not lost.
    fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    Ok(file)
}

/// One write, and further ones only where the system took less: its disk is full.
fn write(file: impl AsFd, mut line: &[u8]) -> io::Result<()> {
    while !line.is_empty() {
        match rustix::io::write(&file, line) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => line = &line[n..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{BufRead, BufReader};
    use std::thread;

    use super::*;

    fn unexpected(error: io::Error) {
        panic!("{error}");
    }

    #[test]
    fn lines_of_several_writers_do_not_mix() {
        const LINES: usize = 300;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        // Two descriptors, as two processes have.
        let files = [LogFile::open(&path).unwrap(), LogFile::open(&path).unwrap()];
        thread::scope(|scope| {
            for letter in b'a'..b'e' {
                let file = &files[usize::from(letter) % 2];
                scope.spawn(move || {
                    let mut line = vec![letter; 4095];
                    line.push(b'\n');
                    for _ in 0..LINES {
                        file.append(&line, unexpected);
                    }
                });
            }
        });
        let text = fs::read_to_string(&path).unwrap();
        let whole =
            |line: &&str| line.len() == 4095 && line.bytes().all(|b| b == line.as_bytes()[0]);
        assert_eq!(text.lines().filter(whole).count(), 4 * LINES);
        assert_eq!(text.len(), 4 * LINES * 4096);
    }

    #[test]
    fn no_line_is_lost_while_files_are_rotated() {
        const LINES: usize = 2000;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let file = LogFile::open(&path).unwrap();
        let rotated = |n: usize| folder.path().join(format!("log.{n}"));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..LINES).for_each(|_| file.append(b"line\n", unexpected)));
            }
            for n in 0..50 {
                fs::rename(&path, rotated(n)).unwrap();
                file.reopen().unwrap();
            }
        });
        let count = |path| fs::read_to_string(path).unwrap().lines().count();
        let lines: usize = (0..50).map(|n| count(rotated(n))).sum();
        assert_eq!(lines + count(path), 2 * LINES);
    }

    #[test]
    fn a_file_that_cannot_be_reopened_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let moved = folder.path().join("log.1");
        let file = LogFile::open(&path).unwrap();
        fs::rename(&path, &moved).unwrap();
        fs::create_dir(&path).unwrap();
        file.reopen().unwrap_err();
        file.append(b"line\n", unexpected);
        assert_eq!(fs::read_to_string(moved).unwrap(), "line\n");
    }

    #[test]
    fn what_is_lost_is_complained_of_once() {
        let file = LogFile::open(Path::new("/dev/full")).unwrap();
        let mut complaints = 0;
        for _ in 0..3 {
            file.append(b"line\n", |_| complaints += 1);
        }
        assert_eq!(complaints, 1);
        file.reopen().unwrap();
        file.append(b"line\n", |_| complaints += 1);
        assert_eq!(complaints, 2);
    }

    #[test]
    fn a_pipe_is_waited_for_when_it_has_a_reader_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mkfifoat(
            rustix::fs::CWD,
            &path,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        )
        .unwrap();
        assert!(LogFile::open(&path).is_err());
        let mut options = OpenOptions::new();
        options
            .read(true)
            .custom_flags(OFlags::NONBLOCK.bits() as i32);
        let reader = options.open(&path).unwrap();
        let file = LogFile::open(&path).unwrap();
        fcntl_setfl(&reader, OFlags::empty()).unwrap();
        let mut line = vec![b'x'; 4095];
        line.push(b'\n');
        thread::scope(|scope| {
            // Far more than a pipe holds.
            scope.spawn(|| {
                (0..100).for_each(|_| file.append(&line, unexpected));
            });
            let lines = BufReader::new(reader).lines().take(100);
            assert_eq!(
                lines
                    .filter(|line| line.as_ref().unwrap().len() == 4095)
                    .count(),
                100
            );
        });
    }
}
