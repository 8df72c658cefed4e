//! Cookies, and sessions behind them.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use rgi_conformance::Case;
use rgi_core::{
    App, AppExt, Environ, Full, Head, HeaderValue, StartResponse, StatusCode, app_fn, field,
};
use rgi_middleware::cookies::{Jar, Key};
use rgi_middleware::sessions::{Id, Record, Session, Step, Store};
use rgi_middleware::{Cookies, Sessions};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "cookies_are_read_and_set",
        says: "a signed cookie is read back, one that was changed is not, and what is set is safe",
        app: |environ, start_response| {
            let signs = app_fn(|environ: Environ, start_response: StartResponse| {
                let jar = Jar::of(&environ).expect("a jar");
                let seen = jar.get_signed("a").unwrap_or_default();
                jar.set_signed(("a", "1")).expect("in time");
                start_response.start(StatusCode::OK).full(seen)
            });
            let cookied = signs.with(Cookies::new().key(Key::derive_from(&[7; 32])));
            super::call(cookied, environ, start_response)
        },
        client: |c| {
            c.ask("GET", "/").field("cookie", "a=1").send();
            c.ask("GET", "/").field("cookie", SIGNED).send();
        },
        expect: r#"
            200
            content-length: 0
            set-cookie: a=FZ4fnT79G0d2qLeXPTL5JJ51ijr3NRVXAigMg4ZrIk0%3D1; HttpOnly; SameSite=Lax; Path=/
            vary: cookie
            200
            content-length: 1
            set-cookie: a=FZ4fnT79G0d2qLeXPTL5JJ51ijr3NRVXAigMg4ZrIk0%3D1; HttpOnly; SameSite=Lax; Path=/
            vary: cookie
            "1"
        "#,
        ..Case::APP
    },
    Case {
        name: "cookies_have_the_names_they_were_sent_with",
        says: "an encoded name is no other's, so that `__Host-` cannot be had by who may not set it",
        app: |environ, start_response| {
            let shows = app_fn(|environ: Environ, start_response: StartResponse| {
                let seen = Jar::of(&environ).and_then(|jar| jar.get("__Host-id"));
                let started = start_response.start(StatusCode::OK);
                started.full(seen.unwrap_or_default())
            });
            super::call(shows.with(Cookies::new()), environ, start_response)
        },
        client: |c| {
            c.ask("GET", "/").field("cookie", "__%48ost-id=evil").send();
            let both = "__%48ost-id=evil; __Host-id=go%20od";
            c.ask("GET", "/").field("cookie", both).send();
        },
        expect: r#"
            200
            content-length: 0
            vary: cookie
            200
            content-length: 5
            vary: cookie
            "go od"
        "#,
        ..Case::APP
    },
    Case {
        name: "sessions_are_kept",
        says: "an id that the store knows opens its values; another is replaced when a value is set",
        app: |environ, start_response| {
            static SESSIONS: OnceLock<Sessions> = OnceLock::new();
            let sessions = SESSIONS.get_or_init(|| Sessions::new(OneKnown));
            super::call(remembering(sessions), environ, start_response)
        },
        client: |c| {
            let known = format!("session={KNOWN}");
            c.ask("GET", "/").field("cookie", &known).send();
            let unknown = known.replace('a', "b");
            c.ask("GET", "/").field("cookie", &unknown).send();
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
            content-length: 0
            set-cookie: new; HttpOnly; SameSite=Lax; Path=/; Max-Age=1209600
            vary: cookie
        "#,
        ..Case::APP
    },
];

const SIGNED: &str = "a=FZ4fnT79G0d2qLeXPTL5JJ51ijr3NRVXAigMg4ZrIk0%3D1";

/// Tells the name that a client's session has, and sets another.
pub(super) fn remembering(sessions: &Sessions) -> impl App<Body: Send + 'static> + use<> {
    let remembers = app_fn(|environ: Environ, start_response: StartResponse| -> Full {
        let session = Session::of(&environ).expect("a session");
        let name = session.get("name").unwrap_or_default();
        session
            .set("name", "other")
            .expect("the head is still to come");
        start_response.start(StatusCode::OK).full(name)
    });
    // What differs from request to request is not shown.
    remembers.with(sessions).map_start(|head: &mut Head| {
        let set = head.remove(&field::SET_COOKIE).expect("a cookie");
        let set = set.to_str().expect("ASCII").to_owned();
        let id = &set["session=".len()..][..64];
        let id = if id == KNOWN { "known" } else { "new" };
        let set = format!("{id}{}", &set["session=".len() + 64..]);
        let set = HeaderValue::try_from(set).expect("ASCII");
        head.append(field::SET_COOKIE, set);
    })
}

pub(super) const KNOWN: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A store that knows one session, and takes the others.
struct OneKnown;

impl Store for OneKnown {
    fn load(&self, id: &Id) -> Step<Option<Record>> {
        let known = (id.as_str() == KNOWN).then(|| Record {
            data: "name=Ada".to_owned(),
            expires: SystemTime::now() + Duration::from_secs(3600),
        });
        Step::ready(Ok(known))
    }

    fn insert(&self, _: &Id, record: Record) -> Step<()> {
        assert_eq!(record.data, "name=other");
        Step::ready(Ok(()))
    }

    fn replace(&self, _: &Id, _: &Id, record: Record) -> Step<bool> {
        assert_eq!(record.data, "name=other");
        Step::ready(Ok(true))
    }

    fn remove(&self, _: &Id) -> Step<()> {
        Step::ready(Ok(()))
    }
}
