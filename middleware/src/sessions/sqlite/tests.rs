use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rgi_core::testing::Client;
use rgi_core::{AppExt, Environ, Error, StartResponse, StatusCode, app_fn, async_fn, rt};
use rusqlite::Connection;
use tempfile::TempDir;

use super::Sqlite;
use crate::sessions::{Id, Record, Session, Sessions, Step, Store};

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.db");
    (folder, path)
}

fn done<T>(step: Step<T>) -> Result<T, Error> {
    rt::block_on(step)
}

/// One that lives for so many seconds, or ended so many ago.
fn record(data: &str, seconds: i64) -> Record {
    let by = Duration::from_secs(seconds.unsigned_abs());
    let now = SystemTime::now();
    let expires = if seconds < 0 { now - by } else { now + by };
    Record {
        data: data.to_owned(),
        expires,
    }
}

fn data(record: Result<Option<Record>, Error>) -> Option<String> {
    record.unwrap().map(|record| record.data)
}

fn rows(path: &PathBuf) -> u32 {
    let connection = Connection::open(path).unwrap();
    let count = connection.query_row("SELECT count(*) FROM rgi_sessions", [], |row| row.get(0));
    count.unwrap()
}

#[test]
fn workers_share_a_file() {
    let (_folder, path) = file();
    let (one, other) = (Sqlite::open(&path).unwrap(), Sqlite::open(&path).unwrap());
    let id = Id::random().unwrap();
    assert_eq!(data(done(one.load(&id))), None);
    done(one.insert(&id, record("a=1", 60))).unwrap();
    let found = done(other.load(&id)).unwrap().unwrap();
    assert_eq!(found.data, "a=1");
    assert!(found.left() > Duration::from_secs(50));
    done(other.insert(&id, record("a=2", 60))).unwrap();
    assert_eq!(data(done(one.load(&id))), Some("a=2".to_owned()));
    done(one.remove(&id)).unwrap();
    assert_eq!(data(done(other.load(&id))), None);
}

/// SQLite lets one make the log, and turns the others away at once.
#[test]
fn workers_that_start_together_make_one_file() {
    for _ in 0..20 {
        let (_folder, path) = file();
        let start = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    Sqlite::open(&path).unwrap();
                });
            }
        });
    }
}

#[test]
fn what_was_saved_outlives_the_program() {
    let (_folder, path) = file();
    let id = Id::random().unwrap();
    let store = Sqlite::open(&path).unwrap();
    done(store.insert(&id, record("a=1", 60))).unwrap();
    drop(store);
    let store = Sqlite::open(&path).unwrap();
    assert_eq!(data(done(store.load(&id))), Some("a=1".to_owned()));
}

#[test]
fn what_has_ended_is_taken_out_a_few_at_a_time() {
    let (_folder, path) = file();
    let store = Sqlite::open(&path).unwrap();
    let mut connection = Connection::open(&path).unwrap();
    let fill = connection.transaction().unwrap();
    for n in 0..100 {
        let sql = "INSERT INTO rgi_sessions VALUES (?1, 'a=1', 1)";
        fill.execute(sql, [format!("{n:064x}")]).unwrap();
    }
    fill.commit().unwrap();
    let old = Id::parse(&"0".repeat(64)).unwrap();
    assert_eq!(data(done(store.load(&old))), None);
    let id = Id::random().unwrap();
    let left = [(); 5].map(|()| {
        done(store.insert(&id, record("b=1", 60))).unwrap();
        rows(&path)
    });
    assert_eq!(left, [69, 37, 5, 1, 1]);
    assert_eq!(data(done(store.load(&id))), Some("b=1".to_owned()));
}

#[test]
fn many_save_at_once() {
    let (_folder, path) = file();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let store = Sqlite::open(&path).unwrap();
                for _ in 0..25 {
                    let id = Id::random().unwrap();
                    done(store.insert(&id, record("a=1", 60))).unwrap();
                    assert_eq!(data(done(store.load(&id))), Some("a=1".to_owned()));
                }
            });
        }
    });
    assert_eq!(rows(&path), 100);
}

#[test]
fn who_waits_too_long_is_told() {
    let (_folder, path) = file();
    let store = Sqlite::open(&path)
        .unwrap()
        .busy_timeout(Duration::from_millis(1));
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let id = Id::random().unwrap();
    let error = done(store.insert(&id, record("a=1", 60))).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(error.status(), StatusCode::SERVICE_UNAVAILABLE);
    // Reading does not wait.
    assert_eq!(data(done(store.load(&id))), None);
    other.execute_batch("COMMIT").unwrap();
    done(store.insert(&id, record("a=1", 60))).unwrap();
}

#[test]
fn what_is_no_database_is_refused_at_the_start() {
    let (folder, path) = file();
    std::fs::write(
        &path,
        "no database, but a text that is long enough to tell".repeat(20),
    )
    .unwrap();
    let error = Sqlite::open(&path).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("sessions.db: file is not a database"),
        "{error}"
    );
    let error = Sqlite::open(folder.path().join("none/sessions.db")).unwrap_err();
    assert!(error.to_string().contains("none/sessions.db: "), "{error}");
}

#[cfg(unix)]
#[test]
fn nobody_else_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = file();
    let store = Sqlite::open(&path).unwrap();
    done(store.insert(&Id::random().unwrap(), record("a=1", 60))).unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(
        files.len(),
        3,
        "the database, its log and its index: {files:?}"
    );
    for file in files {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

async fn count(environ: Environ, start_response: StartResponse) -> Result<rgi_core::Full, Error> {
    let session = Session::of(&environ).expect("the middleware sets it");
    let count: u64 = session.get("count").map_or(Ok(0), |count| count.parse())?;
    session.set("count", (count + 1).to_string())?;
    Ok(start_response.start(StatusCode::OK).full(count.to_string()))
}

#[test]
fn sessions_go_from_worker_to_worker() {
    let (_folder, path) = file();
    let worker = || {
        let store = Sqlite::open(&path).unwrap();
        Client::new(async_fn(count).with(Sessions::new(store))).lifting()
    };
    let (one, other) = (worker(), worker());
    let first = one.get("/").send();
    let cookie = first
        .header("set-cookie")
        .and_then(|it| it.split(';').next())
        .unwrap();
    let counts =
        [&other, &one, &other].map(|it| it.get("/").header("cookie", cookie).send().text());
    assert_eq!(
        (first.text(), counts),
        ("0".to_owned(), ["1", "2", "3"].map(str::to_owned))
    );
}

#[test]
fn who_is_late_brings_nothing_back() {
    let (_folder, path) = file();
    let sessions = || Sessions::new(Sqlite::open(&path).unwrap());
    crate::sessions::tests::nobody_brings_back_what_was_removed(sessions);
}

#[test]
fn what_has_ended_is_not_replaced() {
    let (_folder, path) = file();
    let store = Sqlite::open(path).unwrap();
    let [id, other] = [(); 2].map(|()| Id::random().unwrap());
    let replace = |old, new| done(store.replace(old, new, record("b=1", 60))).unwrap();
    assert!(!replace(&id, &id));
    done(store.insert(&id, record("a=1", -1))).unwrap();
    assert!(!replace(&id, &id));
    done(store.insert(&id, record("a=1", 60))).unwrap();
    assert!(replace(&id, &other));
    let found = [&id, &other].map(|id| data(done(store.load(id))));
    assert_eq!(found, [None, Some("b=1".to_owned())]);
}

#[test]
fn no_servers_thread_waits() {
    let (_folder, path) = file();
    let store = Sqlite::open(&path).unwrap();
    let app = app_fn(|_: Environ, start_response: StartResponse| {
        start_response.start(StatusCode::NO_CONTENT).empty()
    });
    let id = Id::random().unwrap();
    // Locked by another one, a step is pending; the thread goes on.
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut save = store.insert(&id, record("a=1", 60));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(std::pin::Pin::new(&mut save).poll(&mut cx).is_pending());
    assert_eq!(Client::new(app).get("/").send().status(), 204);
    other.execute_batch("COMMIT").unwrap();
    done(save).unwrap();
}
