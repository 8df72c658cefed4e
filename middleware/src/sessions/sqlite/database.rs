//! A connection, and what is asked of it.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rgi_core::Error;
use rusqlite::{
    Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior, params,
};

use super::Place;
use crate::sessions::{Id, Record};

/// Times are milliseconds since 1970.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS rgi_sessions (
        id TEXT PRIMARY KEY,
        data TEXT NOT NULL,
        expires INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS rgi_sessions_expires ON rgi_sessions (expires);
";

const LOAD: &str = "SELECT data, expires FROM rgi_sessions WHERE id = ?1 AND expires > ?2";

const INSERT: &str = "
    INSERT INTO rgi_sessions (id, data, expires) VALUES (?1, ?2, ?3)
    ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires = excluded.expires
";

const REPLACE: &str = "
    UPDATE rgi_sessions SET id = ?2, data = ?3, expires = ?4 WHERE id = ?1 AND expires > ?5
";

const REMOVE: &str = "DELETE FROM rgi_sessions WHERE id = ?1";

/// More end than one at a time, so that those who save keep up; and not so many that one waits.
const SWEEP: &str = "
    DELETE FROM rgi_sessions WHERE id IN
        (SELECT id FROM rgi_sessions WHERE expires <= ?1 ORDER BY expires LIMIT 32)
";

/// Between two tries to change the file's mode.
const PAUSE: Duration = Duration::from_millis(5);

/// The database, and a connection to it once there is one.
pub(super) struct Database {
    place: Place,
    connection: Option<Connection>,
}

impl Database {
    pub(super) fn new(place: Place) -> Database {
        Database {
            place,
            connection: None,
        }
    }

    /// The connection. One that could not be made is tried again the next time.
    pub(super) fn connection(&mut self) -> Result<&mut Connection, Error> {
        if self.connection.is_none() {
            let made = connect(&self.place);
            self.connection = Some(made.map_err(|error| self.place.failure(&error))?);
        }
        let connection = self.connection.as_mut();
        Ok(connection.expect("it was just made"))
    }

    pub(super) fn load(&mut self, id: &Id) -> Result<Option<Record>, Error> {
        self.run(|connection| {
            let mut query = connection.prepare_cached(LOAD)?;
            let row = query.query_row(params![id.as_str(), now()], |row| {
                Ok(Record {
                    data: row.get(0)?,
                    expires: time(row.get(1)?),
                })
            });
            row.optional()
        })
    }

    pub(super) fn insert(&mut self, id: &Id, record: &Record) -> Result<(), Error> {
        let expires = millis(record.expires);
        self.write(|commit| {
            let mut insert = commit.prepare_cached(INSERT)?;
            insert.execute(params![id.as_str(), record.data, expires])
        })?;
        Ok(())
    }

    /// False if there is none to replace.
    pub(super) fn replace(&mut self, old: &Id, new: &Id, record: &Record) -> Result<bool, Error> {
        let (old, new, expires) = (old.as_str(), new.as_str(), millis(record.expires));
        let replaced = self.write(|commit| {
            let mut replace = commit.prepare_cached(REPLACE)?;
            replace.execute(params![old, new, record.data, expires, now()])
        })?;
        Ok(replaced > 0)
    }

    /// Writes, and takes some out that have ended: one commit.
    fn write<T>(
        &mut self,
        f: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        self.run(|connection| {
            let commit = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = f(&commit)?;
            commit.prepare_cached(SWEEP)?.execute([now()])?;
            commit.commit()?;
            Ok(done)
        })
    }

    pub(super) fn remove(&mut self, id: &Id) -> Result<(), Error> {
        self.run(|connection| {
            connection.prepare_cached(REMOVE)?.execute([id.as_str()])?;
            Ok(())
        })
    }

    fn run<T>(
        &mut self,
        f: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let done = f(self.connection()?);
        done.map_err(|error| self.place.failure(&error))
    }
}

fn connect(place: &Place) -> rusqlite::Result<Connection> {
    let connection = Connection::open(&place.path)?;
    connection.busy_timeout(place.busy)?;
    log_ahead(&connection, place.busy)?;
    connection.execute_batch("PRAGMA synchronous = normal")?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

/// Changes the file to WAL mode. While one connection does, SQLite turns others away without the wait that
/// they asked for, so they try again.
fn log_ahead(connection: &Connection, busy: Duration) -> rusqlite::Result<()> {
    let until = Instant::now() + busy;
    while let Err(error) = connection.query_row("PRAGMA journal_mode = wal", [], |_| Ok(())) {
        let is_busy = error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
        if !is_busy || Instant::now() >= until {
            return Err(error);
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

impl Place {
    /// Who waited too long for another process may try again: 503.
    fn failure(&self, error: &rusqlite::Error) -> Error {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                let (path, busy) = (self.path.display(), self.busy);
                Error::timeout(format!(
                    "sessions in {path}: locked for {busy:?} by another process"
                ))
            }
            _ => self.error(error),
        }
    }
}

fn now() -> i64 {
    millis(SystemTime::now())
}

fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

fn time(millis: i64) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(millis).unwrap_or_default());
    let time = SystemTime::UNIX_EPOCH.checked_add(since);
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}
