//! What a server says of itself, as it is seen.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rgi_core::{BodyExt, rt};

use super::lifted;
use crate::cases::bodies::ok;
use crate::cases::environ::text;
use crate::site::Told;
use crate::{Case, Notes};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "fact_software_holds",
        says: "`software` names the server's package and its version",
        rules: &[210],
        app: |environ, start_response| {
            let (name, version) = environ
                .server()
                .software
                .split_once('/')
                .unwrap_or_default();
            let digits = version.starts_with(|first: char| first.is_ascii_digit());
            text(start_response, format!("{} {digits}", !name.is_empty()))
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            content-length: 9
            "true true"
        "#,
        ..Case::APP
    },
    Case {
        name: "fact_multithread_holds",
        says: "where `multithread` is true, two threads are in the application at the same time",
        rules: &[40],
        needs: &["multithread"],
        app: |environ, start_response| {
            lifted(environ, start_response, |environ, start_response| {
                let here = Notes::of(&environ).kept::<AtomicUsize>();
                here.fetch_add(1, Ordering::SeqCst);
                for _ in 0..1000 {
                    if here.load(Ordering::SeqCst) == 2 {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(5));
                }
                let met = here.load(Ordering::SeqCst);
                Ok(ok(start_response).full(format!("{met} at once")))
            })
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.apart(|c| {
                c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
                c.answer();
            });
            c.answer();
        },
        expect: r#"
            200
            content-length: 9
            "2 at once"
            200
            content-length: 9
            "2 at once"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "one_request_at_a_time_where_the_facts_say_so",
        says: "where neither `multithread` nor `reentrant` is true, a request waits for the one before",
        rules: &[40, 211],
        needs: &["!multithread", "!reentrant", "!multiprocess"],
        app: |environ, start_response| {
            let here = Notes::of(&environ).kept::<AtomicUsize>();
            let at_once = here.fetch_add(1, Ordering::SeqCst) + 1;
            // As long as others have to be let in.
            std::thread::sleep(Duration::from_millis(100));
            let push = ok(start_response).push(async move |mut out| {
                out.write(format!("{at_once} at once")).await?;
                std::thread::sleep(Duration::from_millis(100));
                here.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            });
            push.erased()
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.apart(|c| {
                c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
                c.apart(|c| {
                    c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
                    c.answer();
                });
                c.answer();
            });
            c.answer();
        },
        expect: r#"
            200
            "1 at once"
            200
            "1 at once"
            200
            "1 at once"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "fact_multiprocess_holds",
        says: "where `multiprocess` is false, one process answers on all connections",
        rules: &[41],
        needs: &["!multiprocess"],
        app: |_, start_response| text(start_response, format!("process {}", std::process::id())),
        client: |c| c.alike(12, "/"),
        expect: "12 answers alike",
        ..Case::WIRE
    },
    Case {
        name: "fact_run_once_holds",
        says: "where `run_once` is false, the application is called again in its process",
        rules: &[42],
        needs: &["!run_once"],
        app: |environ, start_response| {
            let calls = Notes::of(&environ).kept::<AtomicUsize>();
            let call = calls.fetch_add(1, Ordering::SeqCst) + 1;
            text(start_response, format!("call {call}"))
        },
        client: |c| {
            c.get("/");
            c.get("/");
        },
        expect: r#"
            200
            content-length: 6
            "call 1"
            200
            content-length: 6
            "call 2"
        "#,
        ..Case::APP
    },
    Case {
        name: "fact_reentrant_holds",
        says: "where `reentrant` is true, the application is called while a body it returned is open",
        rules: &[211],
        needs: &["reentrant"],
        app: |environ, start_response| {
            if environ.path_info() == "/again" {
                return text(start_response, "again");
            }
            let notes = Notes::of(&environ);
            let push = ok(start_response).push(async move |mut out| {
                out.write("open").await?;
                notes.signal("go").await;
                out.write("done").await
            });
            push.erased()
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.read_head();
            c.block(4);
            c.apart(|c| c.get("/again"));
            c.signal("go");
            c.rest();
        },
        expect: r#"
            200
            "open"
            200
            content-length: 5
            "again"
            "done"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "fact_may_block_holds",
        says: "where `may_block` is true, a call that blocks its thread holds up no other worker",
        rules: &[212],
        needs: &["may_block", "multithread"],
        app: |environ, start_response| {
            if environ.path_info() == "/block" {
                rt::block_on(Notes::of(&environ).signal("go"));
            }
            text(start_response, environ.path_info().to_owned())
        },
        client: |c| {
            c.send("GET {root}/block HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.apart(|c| c.get("/other"));
            c.signal("go");
            c.answer();
        },
        expect: r#"
            200
            content-length: 6
            "/other"
            200
            content-length: 6
            "/block"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "facts_stand_in_the_environ",
        says: "the facts of one request are those of the next, on another connection, too, and those \
               that were told at start-up",
        rules: &[219, 220],
        app: |environ, start_response| {
            let kept = Notes::of(&environ).kept::<Mutex<Option<rgi_core::ServerInfo>>>();
            let before = kept
                .lock()
                .expect("nobody panics")
                .replace(environ.server().clone());
            let same = before.is_none_or(|before| before == *environ.server());
            let told = environ.extensions().get::<Told>();
            let same = same && told.is_none_or(|Told(told)| told == environ.server());
            text(start_response, format!("same: {same}"))
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.connect();
            c.send("HEAD {root}/ HTTP/1.0\r\n{case}\r\n");
            c.answer_to_head();
            c.connect();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        breaks: &["facts-change"],
        expect: r#"
            200
            content-length: 10
            "same: true"
            200
            connection: close
            content-length: 10
            200
            content-length: 10
            "same: true"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "load_is_told_or_nothing",
        says: "a server that says how many connections are open counts the one that asks",
        rules: &[289],
        app: |environ, start_response| {
            let load = environ.load();
            let counted = load.is_none_or(|load| load.connections > 0);
            text(start_response, format!("counted: {counted}"))
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            content-length: 13
            "counted: true"
        "#,
        ..Case::APP
    },
];
