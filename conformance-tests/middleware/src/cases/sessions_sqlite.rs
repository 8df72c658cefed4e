//! Sessions in a file.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rgi_conformance::{Case, Notes};
use rgi_middleware::Sessions;
use rgi_middleware::sessions::{Id, Record, Sqlite, Step, Store};
use tempfile::TempDir;

use super::cookies::{KNOWN, remembering};

pub(super) const CASES: &[Case] = &[Case {
    name: "sessions_sqlite_are_shared",
    says: "what one worker saves another finds, in one file; an id that is not known is replaced",
    app: |environ, start_response| {
        let workers = Notes::of(&environ).kept::<Workers>();
        let sessions = match environ.path_info() {
            "/one" => &workers.one,
            _ => &workers.other,
        };
        super::call(remembering(sessions), environ, start_response)
    },
    client: |c| {
        let known = format!("session={KNOWN}");
        c.ask("GET", "/one").field("cookie", &known).send();
        c.ask("GET", "/other").field("cookie", &known).send();
        let unknown = known.replace('a', "b");
        c.ask("GET", "/one").field("cookie", &unknown).send();
    },
    expect: r#"
        200
        cache-control: no-store
        content-length: 3
        set-cookie: known; HttpOnly; SameSite=Lax; Path=/; Max-Age=1209600
        vary: cookie
        "Ada"
        200
        cache-control: no-store
        content-length: 5
        set-cookie: known; HttpOnly; SameSite=Lax; Path=/; Max-Age=1209600
        vary: cookie
        "other"
        200
        cache-control: no-store
        content-length: 0
        set-cookie: new; HttpOnly; SameSite=Lax; Path=/; Max-Age=1209600
        vary: cookie
    "#,
    ..Case::APP
}];

/// Two workers, and the folder of the file that they share.
struct Workers {
    one: Sessions,
    other: Sessions,
    _folder: TempDir,
}

impl Default for Workers {
    fn default() -> Workers {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sessions.db");
        let open = || Sqlite::open(&path).expect("a file that can be written to");
        Workers {
            one: Sessions::new(WithOne(Arc::new(open()))),
            other: Sessions::new(open()),
            _folder: folder,
        }
    }
}

/// Saves the session that is to be known before it is asked for.
struct WithOne(Arc<Sqlite>);

impl Store for WithOne {
    fn load(&self, id: &Id) -> Step<Option<Record>> {
        if id.as_str() != KNOWN {
            return self.0.load(id);
        }
        let record = Record {
            data: "name=Ada".to_owned(),
            expires: SystemTime::now() + Duration::from_secs(3600),
        };
        let (store, id) = (self.0.clone(), id.clone());
        Step::future(async move {
            store.insert(&id, record).await?;
            store.load(&id).await
        })
    }

    fn insert(&self, id: &Id, record: Record) -> Step<()> {
        self.0.insert(id, record)
    }

    fn replace(&self, old: &Id, new: &Id, record: Record) -> Step<bool> {
        self.0.replace(old, new, record)
    }

    fn remove(&self, id: &Id) -> Step<()> {
        self.0.remove(id)
    }
}
