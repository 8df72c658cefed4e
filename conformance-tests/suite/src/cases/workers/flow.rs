//! Who waits for whom: clocks and wakers, slow clients, slow applications.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rgi_core::{
    BodyExt, BoxBody, Bytes, Environ, Error, Event, HeaderMap, HeaderValue, StartResponse,
    StatusCode, rt,
};

use crate::cases::AT_ONCE;
use crate::cases::bodies::{Polled, ok};
use crate::cases::environ::text;
use crate::{Case, Notes, pattern};

/// A time that is never waited for.
const LONG: Duration = Duration::from_secs(3600);

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

pub(crate) const CASES: &[Case] = &[
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
        says: "sleeps on the server's clock that are under way together end in the order of their times",
        rules: &[228],
        app: |environ, start_response| {
            BoxBody::future(async move {
                let timer = environ.timer();
                let sleep = |ms| timer.sleep(Duration::from_millis(ms));
                let (mut short, mut middle, mut long) =
                    (pin!(sleep(10)), pin!(sleep(50)), pin!(sleep(90)));
                let (mut ended, mut in_order) = ([false; 3], true);
                poll_fn(|cx| {
                    // The longest is looked at first: where it has ended, so have the others.
                    ended[2] = ended[2] || long.as_mut().poll(cx).is_ready();
                    ended[1] = ended[1] || middle.as_mut().poll(cx).is_ready();
                    ended[0] = ended[0] || short.as_mut().poll(cx).is_ready();
                    in_order &= ended[0] >= ended[1] && ended[1] >= ended[2];
                    match ended {
                        [true, true, true] => Poll::Ready(()),
                        _ => Poll::Pending,
                    }
                })
                .await;
                Ok(ok(start_response).full(format!("in order: {in_order}")))
            })
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            content-length: 14
            "in order: true"
        "#,
        ..Case::APP
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
        needs: &[AT_ONCE],
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
        name: "sleep_lasts_as_long_as_it_should",
        says: "no sleep ends too early, one until a moment gone by ends at once, and one may be dropped",
        rules: &[228],
        app: |environ, start_response| {
            BoxBody::future(async move {
                let timer = environ.timer();
                let mut lasted = Vec::new();
                for time in [0, 1, 30].map(Duration::from_millis) {
                    let (begin, mut long) = (Instant::now(), timer.sleep(LONG));
                    // Begun beside the others, and dropped with each.
                    let waits =
                        poll_fn(|cx| Poll::Ready(Pin::new(&mut long).poll(cx).is_pending()));
                    let waits = waits.await;
                    timer.sleep(time).await;
                    lasted.push(waits && begin.elapsed() >= time);
                }
                timer
                    .sleep_until(Instant::now() - Duration::from_millis(1))
                    .await;
                Ok(ok(start_response).full(format!("{lasted:?}")))
            })
        },
        client: |c| c.get("/"),
        expect: r#"
            200
            content-length: 18
            "[true, true, true]"
        "#,
        ..Case::APP
    },
    Case {
        name: "gone_wakes_beside_a_body_that_waits",
        says: "`gone` wakes while the body of the exchange waits for something else",
        rules: &[202, 218],
        needs: &["told_of_disconnect", AT_ONCE],
        app: |environ, start_response| {
            let (notes, peer) = (Notes::of(&environ), environ.peer());
            BoxBody::future(async move {
                let (beside, waits) = (notes.clone(), notes.signal("go"));
                std::thread::spawn(move || {
                    beside.add("waits");
                    rt::block_on(peer.gone());
                    beside.add(format!("gone: {}", peer.is_gone()));
                });
                waits.await;
                Ok(ok(start_response).full("to nobody"))
            })
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.noted(1);
            c.leave();
            c.noted(2);
            c.signal("go");
            c.notes(3);
        },
        expect: "
            app: waits
            app: gone: true
            app: disconnected - 0 bytes
        ",
        ..Case::WIRE
    },
    Case {
        name: "slow_reader_gets_the_rest",
        says: "a client that took nothing for a while still gets all, in order",
        rules: &[99, 207],
        needs: &[AT_ONCE],
        app: |environ, start_response| {
            let count = Notes::of(&environ).kept::<AtomicUsize>();
            if environ.path_info() == "/steady" {
                return BoxBody::future(async move {
                    steady(&environ, &count).await;
                    Ok(ok(start_response).full("steady"))
                });
            }
            let bytes = pattern(20_000_000);
            let blocks = (0..200).map(move |n| {
                count.fetch_add(1, Ordering::SeqCst);
                Ok::<_, Error>(bytes.slice(n * 100_000..(n + 1) * 100_000))
            });
            ok(start_response).iter(blocks).erased()
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.read_head();
            c.apart(|c| c.get("/steady"));
            c.rest();
        },
        expect: r#"
            200
            200
            content-length: 6
            "steady"
            20000000 bytes of the pattern
        "#,
        ..Case::WIRE
    },
    Case {
        name: "wakes_pull_no_blocks",
        says: "a body that is woken for nothing is asked for no more than its client takes",
        rules: &[209],
        needs: &[AT_ONCE],
        app: |environ, start_response| {
            let count = Notes::of(&environ).kept::<AtomicUsize>();
            let kept = Notes::of(&environ).kept::<Mutex<Option<Waker>>>();
            if environ.path_info() == "/wake" {
                return BoxBody::future(async move {
                    let before = steady(&environ, &count).await;
                    let waker = kept.lock().expect("nobody panics").take();
                    for _ in 0..100 {
                        waker.iter().for_each(Waker::wake_by_ref);
                        environ.timer().sleep(Duration::from_millis(1)).await;
                    }
                    let more = steady(&environ, &count).await - before;
                    let seen = format!("some {}, more {}", before > 0, more >= 50);
                    Ok(ok(start_response).full(seen))
                });
            }
            let block = Bytes::from(vec![b'x'; 64 * 1024]);
            let mut start = Some(Event::Start(ok(start_response)));
            BoxBody::new(Polled(move |cx: &mut Context<'_>| {
                *kept.lock().expect("nobody panics") = Some(cx.waker().clone());
                let event = start.take().unwrap_or_else(|| {
                    count.fetch_add(1, Ordering::SeqCst);
                    Event::Data(block.clone())
                });
                Poll::Ready(Some(Ok(event)))
            }))
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.read_head();
            c.apart(|c| c.get("/wake"));
            c.leave();
        },
        expect: r#"
            200
            200
            content-length: 21
            "some true, more false"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "input_in_tiny_chunks_leaves_others_their_turn",
        says: "where a thread has many requests, thousands of chunks that are there are not all given \
               in one go",
        rules: &[286],
        needs: &["!may_block", AT_ONCE],
        app: |mut environ, start_response| {
            let notes = Notes::of(&environ);
            let push = ok(start_response).push(async move |mut out| {
                notes.add("called");
                notes.signal("go").await;
                let (mut read, mut at_once, mut most) = (0, 0, 0);
                let all = poll_fn(|cx| {
                    at_once = 0;
                    while let Poll::Ready(chunk) = environ.input().poll_chunk(cx) {
                        match chunk {
                            Some(Ok(chunk)) => read += chunk.len(),
                            Some(Err(error)) => return Poll::Ready(Err(error)),
                            None => return Poll::Ready(Ok(())),
                        }
                        at_once += 1;
                        most = most.max(at_once);
                    }
                    Poll::Pending
                });
                all.await?;
                let turns = most <= 1000;
                out.write(format!("{read} bytes, in turns: {turns}")).await
            });
            push.erased()
        },
        client: |c| {
            c.send("POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n");
            c.noted(1);
            // Fewer than sockets have room for.
            c.send(&format!("{}0\r\n\r\n", "1\r\nx\r\n".repeat(5000)));
            c.signal("go");
            c.answer();
        },
        expect: r#"
            200
            "5000 bytes, in turns: true"
        "#,
        ..Case::WIRE
    },
];
