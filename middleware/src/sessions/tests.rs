use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rgi_core::testing::{Client, Reply};
use rgi_core::{
    App, AppExt, Environ, Error, Full, HeaderValue, Scheme, StartResponse, StatusCode, Writer,
    app_fn, field,
};

use super::{Id, Key, Memory, Record, Session, Sessions, Step, Store};

/// Does what the path says, and tells the value of `a`.
fn act(environ: Environ, start_response: StartResponse) -> Full {
    let session = Session::of(&environ).expect("a session");
    let done = match environ.path_info() {
        "/set" => session.set("a", "x=1&y ü"),
        "/login" => session.set("a", "in").and_then(|()| session.regenerate()),
        "/logout" => session.clear(),
        "/long" => session.set("a", "x".repeat(5000)),
        "/public" | "/public/set" => {
            if environ.path_info() == "/public/set" {
                session.set("a", "b").expect("the head is still to come");
            }
            let public = HeaderValue::from_static("public, max-age=60");
            let started = start_response.start(StatusCode::OK);
            return started.header(field::CACHE_CONTROL, public).full("for all");
        }
        "/unseen" => return start_response.start(StatusCode::OK).empty(),
        _ => Ok(()),
    };
    done.expect("the head is still to come");
    let text = session.get("a").unwrap_or_default();
    start_response.start(StatusCode::OK).full(text)
}

fn client(sessions: Sessions) -> Client<impl App> {
    Client::new(app_fn(act).with(sessions))
}

fn ask<A: App>(client: &Client<A>, path: &str, cookie: &str) -> Reply {
    client.get(path).header("cookie", cookie).send()
}

fn cookie(reply: &Reply) -> String {
    let set = reply.header("set-cookie").expect("a cookie");
    set.split(';').next().unwrap().to_owned()
}

fn both() -> [Sessions; 2] {
    [
        Sessions::new(Memory::new(10)),
        Sessions::in_cookie(Key::derive_from(&[7; 32])),
    ]
}

#[test]
fn values_are_found_again() {
    for sessions in both() {
        let client = client(sessions);
        let first = ask(&client, "/set", "");
        assert_eq!(first.header("cache-control"), Some("no-store"));
        let second = ask(&client, "/", &cookie(&first));
        assert_eq!(second.text(), "x=1&y ü");
        assert_eq!(
            (second.header("set-cookie"), second.header("vary")),
            (None, Some("cookie"))
        );
        let other = ask(&client, "/", "");
        assert_eq!(
            (other.text().as_str(), other.header("set-cookie")),
            ("", None)
        );
        assert_eq!(ask(&client, "/unseen", "").header("vary"), None);
    }
}

#[test]
fn the_cookie_is_safe() {
    let set = ask(&client(Sessions::new(Memory::new(10))), "/set", "");
    let set = set.header("set-cookie").unwrap().to_owned();
    let (_, attributes) = set.split_once("; ").unwrap();
    assert_eq!(
        attributes,
        "HttpOnly; SameSite=Lax; Path=/; Max-Age=1209600"
    );
    let inner = app_fn(act).with(Sessions::new(Memory::new(10)).name("sid"));
    let secure = app_fn(move |mut environ: Environ, start_response: StartResponse| {
        environ.set_scheme(Scheme::Https);
        inner.call(environ, start_response)
    });
    let reply = ask(&Client::new(secure), "/set", "");
    let set = reply.header("set-cookie").unwrap();
    assert!(
        set.starts_with("__Host-sid=") && set.contains("; Secure;"),
        "{set}"
    );
}

#[test]
fn logging_in_changes_the_id() {
    let client = client(Sessions::new(Memory::new(10)));
    let before = cookie(&ask(&client, "/set", ""));
    let after = cookie(&ask(&client, "/login", &before));
    assert_ne!(before, after);
    assert_eq!(ask(&client, "/", &before).text(), "");
    assert_eq!(ask(&client, "/", &after).text(), "in");
}

#[test]
fn an_id_of_the_clients_own_is_not_taken_over() {
    let client = client(Sessions::new(Memory::new(10)));
    let foisted = format!("session={}", "a".repeat(64));
    assert_ne!(cookie(&ask(&client, "/set", &foisted)), foisted);
    assert_eq!(ask(&client, "/", &foisted).text(), "");
    for sessions in both() {
        let client = self::client(sessions);
        let mut changed = cookie(&ask(&client, "/set", ""));
        let last = changed.pop();
        changed.push(if last == Some('0') { '1' } else { '0' });
        for no_session in [changed.as_str(), "session=", "session=x", "session=../../x"] {
            assert_eq!(ask(&client, "/", no_session).text(), "");
        }
    }
}

#[test]
fn logging_out_ends_it() {
    for sessions in both() {
        let client = client(sessions);
        let before = cookie(&ask(&client, "/set", ""));
        let out = ask(&client, "/logout", &before);
        let gone = out.header("set-cookie").unwrap();
        assert!(
            gone.starts_with("session=;") && gone.contains("Max-Age=0"),
            "{gone}"
        );
    }
    let client = client(Sessions::new(Memory::new(10)));
    let before = cookie(&ask(&client, "/set", ""));
    ask(&client, "/logout", &before);
    assert_eq!(ask(&client, "/", &before).text(), "");
}

/// Logs in; then a request is under way, on the path `late`, while another one asks for `meanwhile`. Gives the
/// late one's answer, and what is found under the ids that the client had before, and got `meanwhile`.
pub(super) fn race(sessions: Sessions, late: &str, meanwhile: &str) -> (Reply, [String; 2]) {
    let now = client(sessions.clone());
    let before = cookie(&ask(&now, "/set", ""));
    let got = std::sync::Mutex::new(String::new());
    let slow = app_fn(|environ: Environ, start_response: StartResponse| {
        // Its session was loaded already.
        let reply = ask(&now, meanwhile, &before);
        *got.lock().unwrap() = cookie(&reply);
        act(environ, start_response)
    });
    let reply = ask(&Client::new(slow.with(sessions)), late, &before);
    let got = got.into_inner().unwrap();
    let found = [before, got].map(|cookie| ask(&now, "/", &cookie).text());
    (reply, found)
}

/// What was removed while a request was under way stays removed; it neither keeps nor says its own.
pub(super) fn nobody_brings_back_what_was_removed(sessions: impl Fn() -> Sessions) {
    for late in ["/set", "/login"] {
        let (reply, found) = race(sessions(), late, "/logout");
        assert_eq!((reply.status(), reply.header("set-cookie")), (200, None));
        assert_eq!(found, ["", ""], "{late}");
        let (reply, found) = race(sessions(), late, "/login");
        assert_eq!((reply.status(), reply.header("set-cookie")), (200, None));
        assert_eq!(found, ["", "in"], "{late}");
    }
    // What was only changed is replaced.
    let (reply, found) = race(sessions(), "/login", "/set");
    assert!(reply.header("set-cookie").is_some());
    assert_eq!(found, ["", ""]);
}

#[test]
fn who_is_late_brings_nothing_back() {
    nobody_brings_back_what_was_removed(|| Sessions::new(Memory::new(10)));
    let store = || Kept(Arc::new(Memory::new(10)));
    nobody_brings_back_what_was_removed(|| Sessions::new(store()));
}

#[test]
fn who_is_late_renews_nothing_that_was_removed() {
    let sessions = Sessions::new(Memory::new(10)).lifetime(Duration::from_secs(4000));
    let now = client(sessions.clone());
    let before = cookie(&ask(&now, "/set", ""));
    // By a longer lifetime it is old.
    let longer = sessions.lifetime(Duration::from_secs(8000));
    let slow = app_fn(|environ: Environ, start_response: StartResponse| {
        ask(&now, "/logout", &before);
        act(environ, start_response)
    });
    let reply = ask(&Client::new(slow.with(longer)), "/", &before);
    assert_eq!(reply.header("set-cookie"), None);
    assert_eq!(ask(&now, "/", &before).text(), "");
}

#[test]
fn what_has_ended_is_not_used_and_what_is_old_is_renewed() {
    let store = Arc::new(Memory::new(10));
    let id = Id::random().unwrap();
    let cookie = format!("session={}", id.as_str());
    let client = client(Sessions::new(Kept(store.clone())).lifetime(Duration::from_secs(4000)));
    let save = |age: i64| {
        let now = SystemTime::now();
        let by = Duration::from_secs(age.unsigned_abs());
        let expires = if age < 0 { now - by } else { now + by };
        let record = Record {
            data: "a=b".to_owned(),
            expires,
        };
        assert!(matches!(done(store.insert(&id, record)), Ok(())));
    };
    save(-1);
    assert_eq!(ask(&client, "/", &cookie).text(), "");
    save(2000);
    // What others may keep renews nothing, and sets nothing that they may keep.
    let public = ask(&client, "/public", &cookie);
    assert_eq!(public.header("set-cookie"), None);
    assert_eq!(public.header("cache-control"), Some("public, max-age=60"));
    let set = ask(&client, "/public/set", "");
    assert_eq!(set.header("cache-control"), Some("no-store"));
    assert!(set.header("set-cookie").is_some());
    let reply = ask(&client, "/", &cookie);
    assert_eq!(
        (reply.text().as_str(), self::cookie(&reply)),
        ("b", cookie.clone())
    );
    let kept = done(store.load(&id)).unwrap().expect("it is there");
    assert!(kept.left() > Duration::from_secs(3000));
    assert_eq!(ask(&client, "/", &cookie).header("set-cookie"), None);
}

/// A store that takes its time.
struct Kept(Arc<Memory>);

impl Store for Kept {
    fn load(&self, id: &Id) -> Step<Option<Record>> {
        slowly(self.0.load(id))
    }

    fn insert(&self, id: &Id, record: Record) -> Step<()> {
        slowly(self.0.insert(id, record))
    }

    fn replace(&self, old: &Id, new: &Id, record: Record) -> Step<bool> {
        slowly(self.0.replace(old, new, record))
    }

    fn remove(&self, id: &Id) -> Step<()> {
        slowly(self.0.remove(id))
    }
}

fn slowly<T: Send + 'static>(step: Step<T>) -> Step<T> {
    Step::future(async {
        let mut polled = false;
        std::future::poll_fn(|cx| {
            cx.waker().wake_by_ref();
            match std::mem::replace(&mut polled, true) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        })
        .await;
        step.await
    })
}

fn done<T>(step: Step<T>) -> Result<T, Error> {
    rgi_core::rt::block_on(step)
}

#[test]
fn memory_is_bounded() {
    let store = Memory::new(2);
    let ids = [1, 3, 2].map(|hours| {
        let id = Id::random().unwrap();
        let expires = SystemTime::now() + Duration::from_secs(hours * 3600);
        let data = String::new();
        done(store.insert(&id, Record { data, expires })).unwrap();
        id
    });
    let there = ids.map(|id| done(store.load(&id)).unwrap().is_some());
    assert_eq!(there, [false, true, true]);
}

#[test]
fn what_comes_too_late_or_is_too_long_is_said() {
    let late = app_fn(|environ: Environ, s: StartResponse| {
        let session = Session::of(&environ).expect("a session");
        s.start(StatusCode::OK)
            .push(async move |mut writer: Writer| {
                writer.write("x").await?;
                let late = session.set("a", "b").expect_err("the head is out");
                assert!(late.is_misuse());
                Ok::<(), Error>(())
            })
    });
    let reply = Client::new(late.with(Sessions::new(Memory::new(1))))
        .get("/")
        .send();
    assert_eq!((reply.status(), reply.header("set-cookie")), (200, None));
    let client = client(Sessions::in_cookie(Key::derive_from(&[7; 32])));
    assert_eq!(ask(&client, "/long", "").status(), 500);
}
