//! Sessions in a file of SQLite's.

mod answer;
mod database;
#[cfg(test)]
mod tests;

use std::fs::OpenOptions;
use std::path::{self, Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{fmt, process, thread};

use rgi_core::Error;

use self::answer::answer;
use self::database::Database;
use super::{Id, Record, Step, Store};

/// Steps that may wait for the thread of a store.
const QUEUE: usize = 1024;

/// How long a step waits for other processes unless said otherwise.
const BUSY: Duration = Duration::from_secs(5);

/// Keeps sessions in a file of SQLite's, which all processes of a machine may share, and which outlives
/// them.
///
/// ```
/// use rgi_middleware::Sessions;
/// use rgi_middleware::sessions::Sqlite;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("sessions.db");
/// let sessions = Sessions::new(Sqlite::open(path)?);
/// # Ok::<(), rgi_core::Error>(())
/// ```
///
/// Each process has one connection, on a thread of its own, so that no server's thread waits for the
/// disk. Both are made with the first step in that process: a store that is made before workers are
/// forked serves in each of them. (One that gives its rights up, by `--user`, makes it in the factory: the
/// file belongs to who makes it.) At most 1024 steps wait for the thread; further ones fail, answered
/// with 503, as do those that waited too long for [other processes](Self::busy_timeout).
///
/// The file is in WAL mode: reading waits for nobody. What was saved outlives the program; of a machine
/// that loses its power the last moments may be missing. Sessions that have ended are taken out by those
/// who save, a few each time. They are in the table `rgi_sessions`, so that the file may be an
/// application's own. A new file can be read by its owner alone: who reads it has the sessions.
pub struct Sqlite {
    place: Place,
    thread: Mutex<Option<Thread>>,
}

/// Where the sessions are.
#[derive(Clone)]
struct Place {
    path: PathBuf,
    busy: Duration,
}

/// The thread that has the connection, and the process that it belongs to.
struct Thread {
    process: u32,
    jobs: SyncSender<Job>,
}

type Job = Box<dyn FnOnce(&mut Database) + Send>;

impl Sqlite {
    /// Keeps sessions in the file at `path`, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// The file cannot be made, read or written, or is no database.
    pub fn open(path: impl AsRef<Path>) -> Result<Sqlite, Error> {
        // A name that SQLite reads as another thing than a file becomes one; and the working directory
        // may change.
        let place = Place {
            path: path::absolute(path)?,
            busy: BUSY,
        };
        create(&place.path).map_err(|error| place.error(&error))?;
        // This connection is closed again: none may be carried through a fork.
        Database::new(place.clone()).connection()?;
        Ok(Sqlite {
            place,
            thread: Mutex::default(),
        })
    }

    /// How long a step waits for another process that writes, 5 seconds unless said otherwise.
    pub fn busy_timeout(mut self, time: Duration) -> Sqlite {
        self.place.busy = time;
        self
    }

    /// Has the thread do something.
    fn step<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Database) -> Result<T, Error> + Send + 'static,
    ) -> Step<T> {
        let (teller, answer) = answer();
        let job: Job = Box::new(move |database| teller.tell(f(database)));
        match self.send(job) {
            Ok(()) => Step::future(answer),
            Err(error) => Step::ready(Err(error)),
        }
    }

    fn send(&self, mut job: Job) -> Result<(), Error> {
        let mut thread = self.lock();
        let process = process::id();
        if let Some(thread) = thread.take_if(|it| it.process != process) {
            // That of a process before a fork: it has no thread here.
            drop(thread);
        }
        if let Some(thread) = &*thread {
            match thread.jobs.try_send(job) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(_)) => {
                    let text = format!("{QUEUE} steps wait for {}", self.place.path.display());
                    return Err(Error::overloaded(text));
                }
                Err(TrySendError::Disconnected(back)) => job = back,
            }
        }
        let jobs = self.place.spawn()?;
        // It is empty.
        let _ = jobs.try_send(job);
        *thread = Some(Thread { process, jobs });
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Thread>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// A thread that does what it is told, until nobody can tell it any more.
    fn spawn(&self) -> Result<SyncSender<Job>, Error> {
        let (sender, jobs): (_, Receiver<Job>) = sync_channel(QUEUE);
        let mut database = Database::new(self.clone());
        thread::Builder::new()
            .name("rgi-sessions".to_owned())
            .spawn(move || jobs.iter().for_each(|job| job(&mut database)))
            .map_err(|error| self.error(&error))?;
        Ok(sender)
    }

    fn error(&self, error: &dyn fmt::Display) -> Error {
        Error::new(format!("sessions in {}: {error}", self.path.display()))
    }
}

/// Makes a file for its owner alone, unless there is one; the files that SQLite puts beside it are as it
/// is.
fn create(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite")
            .field("path", &self.place.path)
            .field("busy_timeout", &self.place.busy)
            .finish_non_exhaustive()
    }
}

impl Store for Sqlite {
    fn load(&self, id: &Id) -> Step<Option<Record>> {
        let id = id.clone();
        self.step(move |database| database.load(&id))
    }

    fn insert(&self, id: &Id, record: Record) -> Step<()> {
        let id = id.clone();
        self.step(move |database| database.insert(&id, &record))
    }

    fn replace(&self, old: &Id, new: &Id, record: Record) -> Step<bool> {
        let (old, new) = (old.clone(), new.clone());
        self.step(move |database| database.replace(&old, &new, &record))
    }

    fn remove(&self, id: &Id) -> Step<()> {
        let id = id.clone();
        self.step(move |database| database.remove(&id))
    }
}
