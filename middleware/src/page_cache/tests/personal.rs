//! What is for one client goes to no other one, in whatever order middleware stands.

use rgi_core::testing::{Client, Reply};
use rgi_core::{
    App, AppExt, BodyExt, BoxApp, BoxBody, Environ, Error, Full, HeaderValue, StartResponse,
    Started, StatusCode, Writer, app_fn, field,
};

use super::super::{Memory, PageCache};
use crate::cookies::{Jar, Key};
use crate::sessions::{self, Session};
use crate::{Auth, Cookies, Sessions};

/// Clients of an application in both orders: a cache inside of a middleware, and one outside of it.
macro_rules! both {
    ($app:expr, $middleware:expr) => {{
        let cache = || PageCache::new(Memory::new(1 << 20));
        let inside: BoxApp = $app.with(($middleware, cache())).erased();
        let outside: BoxApp = $app.with((cache(), $middleware)).erased();
        [Client::new(inside), Client::new(outside)]
    }};
}

fn sessions() -> Sessions {
    Sessions::new(sessions::Memory::new(10))
}

fn key() -> Key {
    Key::derive_from(&[7; 32])
}

/// A response that says that all may keep it.
fn kept(start_response: StartResponse) -> Started {
    let kept = HeaderValue::from_static("max-age=60");
    let started = start_response.start(StatusCode::OK);
    started.header(field::CACHE_CONTROL, kept)
}

fn get<A: App>(client: &Client<A>, target: &str, cookie: &str) -> Reply {
    let get = client.get(target);
    match cookie {
        "" => get.send(),
        _ => get.header("cookie", cookie).send(),
    }
}

/// The cookies that a response sets, as the client sends them.
fn cookie(reply: &Reply) -> String {
    let set = reply.header("set-cookie").expect("a cookie");
    set.split(';').next().unwrap().to_owned()
}

/// Whether it came out of the cache.
fn is_kept(reply: &Reply) -> bool {
    reply.header("age").is_some()
}

/// Has two log in, and looks at what they and others get then.
fn each_gets_its_own<A: App>(client: &Client<A>) {
    let [ada, bob] = ["/login?Ada", "/login?Bob"].map(|login| cookie(&get(client, login, "")));
    for _ in 0..2 {
        for (cookie, text) in [(ada.as_str(), "Ada"), (&bob, "Bob"), ("a=b", "nobody")] {
            let reply = get(client, "/", cookie);
            assert_eq!((reply.text().as_str(), is_kept(&reply)), (text, false));
        }
        assert_eq!(get(client, "/", "").text(), "nobody");
    }
    // What those have who have no cookie is kept, and says for whom.
    let reply = get(client, "/", "");
    assert_eq!((reply.text().as_str(), is_kept(&reply)), ("nobody", true));
    assert_eq!(reply.header("vary"), Some("cookie"));
    assert_eq!(get(client, "/", &ada).text(), "Ada");
    // What nobody's session was looked at for is kept for all.
    get(client, "/all", &ada);
    assert!(is_kept(&get(client, "/all", &bob)));
    // What sets a cookie is not kept.
    for _ in 0..2 {
        let reply = get(client, "/login?Ada", "");
        assert!(reply.header("set-cookie").is_some() && !is_kept(&reply));
    }
}

/// Gives the name in the session, before its head is given out, or behind that.
fn of_session(environ: Environ, start_response: StartResponse) -> Full {
    let session = Session::of(&environ).expect("a session");
    match environ.path_info() {
        "/login" => {
            let name = environ.query().unwrap_or_default();
            session
                .set("name", name)
                .expect("the head is still to come");
            kept(start_response).empty()
        }
        "/all" => kept(start_response).full("all"),
        _ => kept(start_response).full(session.get("name").unwrap_or("nobody".to_owned())),
    }
}

#[test]
fn sessions_are_of_their_clients() {
    for client in both!(app_fn(of_session), sessions()) {
        each_gets_its_own(&client);
    }
    for client in both!(app_fn(of_session), Sessions::in_cookie(key())) {
        each_gets_its_own(&client);
    }
}

#[test]
fn sessions_are_of_their_clients_though_looked_at_late() {
    let late = |environ: Environ, start_response: StartResponse| -> BoxBody {
        if environ.path_info() != "/" {
            return of_session(environ, start_response).into();
        }
        let session = Session::of(&environ).expect("a session");
        let write = async move |mut writer: Writer| {
            writer.write("").await?;
            writer.flush().await?;
            let name = session.get("name").unwrap_or("nobody".to_owned());
            writer.write(name).await?;
            Ok::<(), Error>(())
        };
        kept(start_response).push(write).erased()
    };
    for client in both!(app_fn(late), sessions()) {
        each_gets_its_own(&client);
    }
}

/// A way to set a cookie and read it.
#[derive(Clone, Copy)]
struct Way {
    set: fn(&Jar, String) -> Result<(), Error>,
    get: fn(&Jar) -> Option<String>,
}

const WAYS: [Way; 3] = [
    Way {
        set: |jar, name| jar.set(("n", name)),
        get: |jar| jar.get("n"),
    },
    Way {
        set: |jar, name| jar.set_signed(("n", name)),
        get: |jar| jar.get_signed("n"),
    },
    Way {
        set: |jar, name| jar.set_private(("n", name)),
        get: |jar| jar.get_private("n"),
    },
];

#[test]
fn cookies_are_of_their_clients() {
    for way in WAYS {
        let act = move |environ: Environ, start_response: StartResponse| -> Full {
            let jar = Jar::of(&environ).expect("a jar");
            match environ.path_info() {
                "/login" => {
                    let name = environ.query().unwrap_or_default();
                    (way.set)(&jar, name.to_owned()).expect("in time");
                    kept(start_response).empty()
                }
                "/all" => kept(start_response).full("all"),
                _ => kept(start_response).full((way.get)(&jar).unwrap_or("nobody".to_owned())),
            }
        };
        for client in both!(app_fn(act), Cookies::new().key(key())) {
            each_gets_its_own(&client);
        }
    }
}

#[test]
fn names_are_of_who_has_them() {
    /// Who it is, as the check of the credentials found out.
    #[derive(Clone)]
    struct Name(String);
    let auth = || {
        Auth::bearer("x", |environ: &mut Environ, token: &[u8]| {
            let name = Name(String::from_utf8_lossy(token).into_owned());
            environ.extensions_mut().insert(name);
            token != b"bad"
        })
    };
    let hello = |environ: Environ, start_response: StartResponse| -> Full {
        let name = environ.extensions().get::<Name>().expect("it is set");
        kept(start_response).full(name.0.clone())
    };
    for client in both!(app_fn(hello), auth()) {
        let get = |name: &str| {
            let credentials = format!("Bearer {name}");
            client.get("/").header("authorization", &credentials).send()
        };
        for name in ["Ada", "Bob", "Ada"] {
            assert_eq!(get(name).text(), name);
        }
        assert_eq!(get("bad").status(), 401);
        assert_eq!(client.get("/").send().status(), 401);
    }
}
