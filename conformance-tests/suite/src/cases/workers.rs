//! Models of concurrency: blocking, what is shared, what a slow client costs, what a server says of
//! itself.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::io::{ErrorKind, Read};
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use rgi_core::{
    App, BodyExt, BoxBody, Bytes, Environ, Error, HeaderMap, HeaderValue, StartResponse,
    StatusCode, blocking, rt,
};

use super::AT_ONCE;
use super::bodies::ok;
use super::environ::text;
use crate::{Case, Notes};

/// Runs a blocking function, as [`rgi_core::blocking`] does.
fn lifted(
    environ: Environ,
    start_response: StartResponse,
    f: fn(Environ, StartResponse) -> Result<rgi_core::Full, Error>,
) -> BoxBody {
    blocking(f).call(environ, start_response).erased()
}

/// Blocks until the client says `go` where the path asks for it, and answers with the body.
fn blocks_or_reads(environ: Environ, start_response: StartResponse) -> BoxBody {
    lifted(environ, start_response, |mut environ, start_response| {
        let notes = Notes::of(&environ);
        if environ.path_info() == "/block" {
            notes.add("blocks");
            rt::block_on(notes.signal("go"));
        }
        let mut body = String::new();
        environ.input().reader().read_to_string(&mut body)?;
        Ok(ok(start_response).full(format!("read {body:?}")))
    })
}

/// How long it takes until a count moves no more.
async fn steady(environ: &Environ, count: &AtomicUsize) -> usize {
    let (mut last, mut same) = (count.load(Ordering::SeqCst), 0);
    while same < 6 {
        environ.timer().sleep(Duration::from_millis(25)).await;
        let now = count.load(Ordering::SeqCst);
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    last
}

pub(super) const CASES: &[Case] = &[
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
        name: "fact_multiprocess_holds",
        says: "where `multiprocess` is false, one process answers on all connections",
        rules: &[41],
        needs: &["!multiprocess"],
        app: |environ, start_response| {
            let seen = Notes::of(&environ).kept::<Mutex<BTreeSet<u32>>>();
            let mut seen = seen.lock().expect("nobody panics");
            seen.insert(std::process::id());
            text(start_response, format!("{} process", seen.len()))
        },
        client: |c| {
            for _ in 0..4 {
                c.connect();
                c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
                c.answer();
            }
        },
        expect: r#"
            200
            content-length: 9
            "1 process"
            200
            content-length: 9
            "1 process"
            200
            content-length: 9
            "1 process"
            200
            content-length: 9
            "1 process"
        "#,
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
        says: "the facts of one request are those of the next, on another connection, too",
        rules: &[219, 220],
        app: |environ, start_response| {
            let kept = Notes::of(&environ).kept::<Mutex<Option<rgi_core::ServerInfo>>>();
            let before = kept
                .lock()
                .expect("nobody panics")
                .replace(environ.server().clone());
            let same = before.is_none_or(|before| before == *environ.server());
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
        name: "kept_token_writes_into_no_other_answer",
        says: "the right to inform of one request writes nothing into the answer of another",
        rules: &[108, 125],
        app: |environ, start_response| {
            let kept = Notes::of(&environ).kept::<Mutex<Option<StartResponse>>>();
            let mut kept = kept.lock().expect("nobody panics");
            if let Some(before) = kept.take() {
                let mut fields = HeaderMap::new();
                fields.insert("link", HeaderValue::from_static("</a>"));
                before.inform(StatusCode::EARLY_HINTS, &fields);
                return text(start_response, "second");
            }
            let (token, fallback) = start_response.with_fallback();
            *kept = Some(token);
            let started = fallback.start(StatusCode::OK, Error::new("the token was kept"));
            started.full("first").into()
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 5
            "first"
            200
            content-length: 6
            "second"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "application_is_woken_from_other_threads",
        says: "a body that is pending goes on when another thread wakes it",
        rules: &[155],
        app: |_, start_response| {
            BoxBody::future(async move {
                let mut begun = false;
                poll_fn(|cx| {
                    if std::mem::replace(&mut begun, true) {
                        return Poll::Ready(());
                    }
                    let waker = cx.waker().clone();
                    std::thread::spawn(move || {
                        std::thread::sleep(Duration::from_millis(10));
                        waker.wake();
                    });
                    Poll::Pending
                })
                .await;
                Ok(ok(start_response).full("awake"))
            })
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            content-length: 5
            "awake"
        "#,
        ..Case::APP
    },
    Case {
        name: "timer_wakes_in_order",
        says: "sleeps on the server's clock end in the order of their times, and all at once",
        rules: &[228],
        app: |environ, start_response| {
            BoxBody::future(async move {
                let timer = environ.timer();
                let sleep = |ms| timer.sleep(Duration::from_millis(ms));
                let (mut a, mut b, mut c) = (pin!(sleep(90)), pin!(sleep(10)), pin!(sleep(50)));
                let mut order = Vec::new();
                poll_fn(|cx| {
                    let mut note = |name, done: bool| {
                        if done && !order.contains(&name) {
                            order.push(name);
                        }
                    };
                    note("10", b.as_mut().poll(cx).is_ready());
                    note("50", c.as_mut().poll(cx).is_ready());
                    note("90", a.as_mut().poll(cx).is_ready());
                    match order.len() {
                        3 => Poll::Ready(()),
                        _ => Poll::Pending,
                    }
                })
                .await;
                Ok(ok(start_response).full(order.join(" ")))
            })
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            content-length: 8
            "10 50 90"
        "#,
        ..Case::APP
    },
    Case {
        name: "blocking_read_names_the_lift",
        says: "a blocking read where the thread may not wait is an error that says what to do",
        rules: &[188],
        needs: &["!may_block"],
        app: |mut environ, start_response| {
            let mut room = [0; 8];
            let read = environ.input().reader().read(&mut room);
            let error = read.err();
            let kind = error.as_ref().map(|error| error.kind());
            let names = error.is_some_and(|error| error.to_string().contains("blocking"));
            text(
                start_response,
                format!("{} {names}", kind == Some(ErrorKind::WouldBlock)),
            )
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 4\r\n\r\n");
            c.read_head();
            c.block(9);
        },
        expect: r#"
            200
            ?connection: close
            content-length: 9
            "true true"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "slow_reader_stops_the_iteration",
        says: "a client that takes nothing stops the iteration after some megabytes",
        rules: &[207],
        needs: &[AT_ONCE],
        app: |environ, start_response| {
            let count = Notes::of(&environ).kept::<AtomicUsize>();
            if environ.path_info() == "/count" {
                return BoxBody::future(async move {
                    let blocks = steady(&environ, &count).await;
                    let seen = format!("some {}, few {}", blocks > 0, blocks < 1000);
                    Ok(ok(start_response).full(seen))
                });
            }
            let block = Bytes::from(vec![b'x'; 64 * 1024]);
            let blocks = (0..4000).map(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
                Ok::<_, Error>(block.clone())
            });
            ok(start_response).iter(blocks).erased()
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.read_head();
            c.apart(|c| c.get("/count"));
            c.leave();
        },
        expect: r#"
            200
            200
            content-length: 19
            "some true, few true"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "slow_application_stops_the_client",
        says: "a client is stopped after some megabytes where the application does not read",
        rules: &[208],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            BoxBody::future(async move {
                notes.signal("never").await;
                Ok(ok(start_response).full(environ.method().to_string()))
            })
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 1000000000\r\n\r\n");
            c.flood(64 * 1024 * 1024);
            c.leave();
        },
        expect: "",
        ..Case::WIRE
    },
    Case {
        name: "lift_that_blocks_stalls_nobody",
        says: "a blocking application on the pool holds up no other request",
        rules: &[221],
        needs: &["!may_block"],
        app: |environ, start_response| match environ.path_info() {
            "/block" => blocks_or_reads(environ, start_response),
            _ => text(start_response, "not stalled"),
        },
        client: |c| {
            c.send("GET {root}/block HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.noted(1);
            c.apart(|c| c.get("/"));
            c.signal("go");
            c.answer();
        },
        expect: r#"
            200
            content-length: 11
            "not stalled"
            200
            content-length: 7
            "read \"\""
        "#,
        ..Case::WIRE
    },
    Case {
        name: "pool_without_a_free_thread_is_503",
        says: "a blocking call that waits too long for a thread is answered 503 with Retry-After",
        rules: &[223],
        needs: &["!may_block"],
        settings: Some(|config| {
            config.blocking_threads = 1;
            config.queue_timeout = Some(Duration::from_millis(100));
        }),
        app: blocks_or_reads,
        client: |c| {
            c.send("GET {root}/block HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.noted(1);
            c.apart(|c| {
                c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
                c.answer();
            });
            c.signal("go");
            c.answer();
        },
        expect: r#"
            503 by the server
            retry-after: _
            200
            content-length: 7
            "read \"\""
        "#,
        ..Case::WIRE
    },
    Case {
        name: "slow_bodies_hold_no_thread",
        says: "a blocking call is made when its body is there: one that comes slowly holds no thread",
        rules: &[224],
        needs: &["!may_block"],
        settings: Some(|config| config.blocking_threads = 1),
        app: blocks_or_reads,
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 4\r\n\r\nsl");
            c.apart(|c| c.post("/", "quick"));
            c.send("ow");
            c.answer();
        },
        expect: r#"
            200
            content-length: 12
            "read \"quick\""
            200
            content-length: 11
            "read \"slow\""
        "#,
        ..Case::WIRE
    },
    Case {
        name: "hundred_continue_for_a_lift",
        says: "to gather a body for a blocking call is to read it: 100 Continue is sent",
        rules: &[224],
        needs: &["lazy_continue"],
        app: blocks_or_reads,
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
            c.read_head();
            c.send("ok");
            c.answer();
        },
        expect: r#"
            100
            200
            content-length: 9
            "read \"ok\""
        "#,
        ..Case::WIRE
    },
    Case {
        name: "client_that_leaves_frees_its_thread",
        says: "a blocking call is not made for a client that left while it waited for a thread",
        rules: &[225],
        needs: &["!may_block", "told_of_disconnect"],
        settings: Some(|config| {
            config.blocking_threads = 1;
            config.queue_timeout = None;
        }),
        app: |environ, start_response| match environ.path_info() {
            "/seen" => text(start_response, "seen"),
            _ => blocks_or_reads(environ, start_response),
        },
        client: |c| {
            c.send("GET {root}/block HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.noted(1);
            c.apart(|c| {
                // When the first is answered the second was read.
                c.send(
                    "GET {root}/seen HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                     GET {root}/block HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                );
                c.answer();
                c.leave();
                c.noted(3);
            });
            c.signal("go");
            c.answer();
            c.notes(4);
        },
        expect: r#"
            200
            content-length: 4
            "seen"
            200
            content-length: 7
            "read \"\""
            app: blocks
            app: sent 200 4 bytes
            app: disconnected - 0 bytes
            app: sent 200 7 bytes
        "#,
        ..Case::WIRE
    },
    Case {
        name: "panic_on_the_pool_is_500",
        says: "a panic and an error of a blocking application are those of its request alone",
        rules: &[226],
        app: |environ, start_response| {
            lifted(
                environ,
                start_response,
                |environ, start_response| match environ.path_info() {
                    "/panic" => panic!("on purpose"),
                    "/error" => Err(Error::too_large("on purpose")),
                    _ => Ok(ok(start_response).full("alive")),
                },
            )
        },
        client: |c| {
            c.get("/panic");
            c.get("/error");
            c.get("/");
        },
        breaks: &["first-event"],
        expect: r#"
            500 by the server
            413 by the server
            200
            content-length: 5
            "alive"
        "#,
        ..Case::APP
    },
];
