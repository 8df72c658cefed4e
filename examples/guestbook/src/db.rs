//! The entries, in SQLite.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rgi_core::Error;
use rgi_middleware::sessions::Key;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, TransactionBehavior};

/// Entries of a page.
pub(crate) const PAGE: u32 = 20;

/// How long a statement waits for what others have locked.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two tries to make the log.
const PAUSE: Duration = Duration::from_millis(10);

/// The key of the sessions is made once: all processes and all later runs have the same.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS entries (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        message TEXT NOT NULL,
        at INTEGER NOT NULL DEFAULT (unixepoch())
    ) STRICT;
    CREATE TABLE IF NOT EXISTS secrets (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        key BLOB NOT NULL
    ) STRICT;";

/// The number of the form that an entry is from. It came later: the first entries may have none.
const FORM: &str = "ALTER TABLE entries ADD COLUMN form BLOB";
const ONCE: &str = "CREATE UNIQUE INDEX IF NOT EXISTS once ON entries (form)";

const COLUMNS: &str = "id, name, message, strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch')";

/// The database, for a worker and all its threads: one connection that writes, and as many that read
/// as read at once, which the server's threads for what blocks bound.
pub(crate) struct Db {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

/// What somebody wrote, and when: UTC, by RFC 3339.
pub(crate) struct Entry {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) message: String,
    pub(crate) at: String,
}

/// Where a page is: the entries next to one. Ids and not numbers of pages: what is added meanwhile moves
/// no entry from a page to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum At {
    Before(i64),
    After(i64),
}

impl At {
    pub(crate) const NEWEST: At = At::Before(i64::MAX);
}

/// A page of entries, the newest first.
pub(crate) struct Listing {
    pub(crate) entries: Vec<Entry>,
    /// How many there are in all, and on newer and older pages.
    pub(crate) count: u32,
    pub(crate) newer: u32,
    pub(crate) older: u32,
}

impl Db {
    /// Opens the file, or makes it.
    pub(crate) fn open(path: &Path) -> Result<Db, Error> {
        let writer = make(path)
            .map_err(|error| Error::new(format!("the database {}: {error}", path.display())))?;
        Ok(Db {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            readers: Mutex::default(),
        })
    }

    /// The key that sessions are encrypted with.
    pub(crate) fn key(&self) -> Result<Key, Error> {
        let key = Key::try_generate().ok_or_else(|| Error::new("the system has no randomness"))?;
        let writer = lock(&self.writer);
        let insert = "INSERT OR IGNORE INTO secrets VALUES (1, ?1)";
        writer.execute(insert, [key.master()])?;
        let key: Vec<u8> = writer.query_row("SELECT key FROM secrets", [], |row| row.get(0))?;
        Ok(Key::try_from(&*key)?)
    }

    /// Adds the entry of a form, unless it is there already, and gives its id; `None` if the form was used
    /// for another one. When it returns, the entry is on the disk.
    pub(crate) fn add(&self, form: u128, name: &str, message: &str) -> Result<Option<i64>, Error> {
        let entry = (form.to_be_bytes(), name, message);
        let writer = lock(&self.writer);
        let insert = "INSERT INTO entries (form, name, message) VALUES (?1, ?2, ?3)
            ON CONFLICT (form) DO NOTHING";
        let mut insert = writer.prepare_cached(insert)?;
        insert.execute(entry)?;
        let select = "SELECT id FROM entries WHERE (form, name, message) = (?1, ?2, ?3)";
        let mut select = writer.prepare_cached(select)?;
        Ok(select.query_row(entry, |row| row.get(0)).optional()?)
    }

    /// A page of entries.
    pub(crate) fn list(&self, at: At) -> Result<Listing, Error> {
        let idle = lock(&self.readers).pop();
        let mut reader = idle.map_or_else(|| connect(&self.path), Ok)?;
        let listing = list(&mut reader, at)?;
        lock(&self.readers).push(reader);
        Ok(listing)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

/// A connection to a file that is made ready.
fn make(path: &Path) -> rusqlite::Result<Connection> {
    let mut connection = connect(path)?;
    // With a log who reads keeps nobody from writing, nor the other way. While one worker makes it, SQLite
    // turns others away without the wait that they asked for, so they try again.
    let until = Instant::now() + PATIENCE;
    while let Err(error) = connection.pragma_update(None, "journal_mode", "wal") {
        let is_busy = error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
        if !is_busy || Instant::now() >= until {
            return Err(error);
        }
        thread::sleep(PAUSE);
    }
    // Workers that start together make it one after the other.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(SCHEMA)?;
    if !transaction.column_exists(None, "entries", "form")? {
        transaction.execute_batch(FORM)?;
    }
    transaction.execute_batch(ONCE)?;
    transaction.commit()?;
    Ok(connection)
}

/// In one transaction, so that the counts are those of the entries.
fn list(reader: &mut Connection, at: At) -> rusqlite::Result<Listing> {
    let (bound, id) = match at {
        At::Before(id) => ("id < ?1 ORDER BY id DESC", id),
        At::After(id) => ("id > ?1 ORDER BY id ASC", id),
    };
    let transaction = reader.transaction()?;
    let select = format!("SELECT {COLUMNS} FROM entries WHERE {bound} LIMIT {PAGE}");
    let mut entries = transaction
        .prepare_cached(&select)?
        .query_map([id], entry)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.id));
    let (above, below) = match (&*entries, at) {
        ([first, .., last], _) => (first.id, last.id),
        ([only], _) => (only.id, only.id),
        ([], At::Before(id)) => (id.saturating_sub(1), id),
        ([], At::After(id)) => (id, id.saturating_add(1)),
    };
    let counts = "SELECT count(*), count(*) FILTER (WHERE id > ?1),
        count(*) FILTER (WHERE id < ?2) FROM entries";
    let mut counts = transaction.prepare_cached(counts)?;
    counts.query_row([above, below], |row| {
        Ok(Listing {
            entries,
            count: row.get(0)?,
            newer: row.get(1)?,
            older: row.get(2)?,
        })
    })
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        id: row.get(0)?,
        name: row.get(1)?,
        message: row.get(2)?,
        at: row.get(3)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_one_entry_in_books_of_any_age() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guestbook.db");
        // As they were made before forms had numbers.
        let book = Connection::open(&path).unwrap();
        book.execute_batch(SCHEMA).unwrap();
        let insert = "INSERT INTO entries (name, message) VALUES ('Ada', 'long ago')";
        book.execute_batch(insert).unwrap();
        book.execute_batch(insert).unwrap();
        drop(book);
        for time in 0..2 {
            let db = Db::open(&path).unwrap();
            let add = |form, message| db.add(form, "Bo", message).unwrap();
            assert_eq!(add(7, "now"), Some(3), "{time}");
            assert_eq!(add(7, "now"), Some(3), "{time}");
            assert_eq!(add(8, "now"), Some(4), "{time}");
            assert_eq!(add(7, "other words"), None, "{time}");
            assert_eq!(db.list(At::NEWEST).unwrap().count, 4);
        }
    }
}
