//! Random bodies through the commit machine: whatever they do, these things hold.

mod common;

use std::fs::File;
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};

use common::*;
use proptest::prelude::*;
use rgi_core::server::{Commit, Cut, Framing, Payload};
use rgi_core::*;

/// One event of a body.
#[derive(Clone, Copy, Debug)]
enum Op {
    Start(u16, Option<u8>),
    Data(u8),
    File(u8),
    Flush,
    Trailers,
    Fail(u16),
    Gone,
    Pending,
    Panic,
}

/// Where the server stops on its own account.
#[derive(Clone, Copy, Debug)]
enum Leave {
    Never,
    Drop(usize),
    Drain(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let status = prop::sample::select(vec![100u16, 101, 103, 200, 200, 200, 204, 205, 304, 404]);
    let start = (status, prop::option::of(0..8u8));
    prop_oneof![
        2 => start.prop_map(|(status, length)| Op::Start(status, length)),
        6 => (0..5u8).prop_map(Op::Data),
        2 => (0..5u8).prop_map(Op::File),
        1 => Just(Op::Flush),
        1 => Just(Op::Trailers),
        1 => prop::sample::select(vec![100u16, 200, 204, 400, 500, 503]).prop_map(Op::Fail),
        1 => Just(Op::Gone),
        1 => Just(Op::Pending),
        1 => Just(Op::Panic),
    ]
}

/// Mostly bodies that begin as they should.
fn ops() -> impl Strategy<Value = Vec<Op>> {
    let rest = || prop::collection::vec(op(), 0..8);
    let good = (prop::option::of(0..8u8), rest()).prop_map(|(length, mut ops)| {
        ops.insert(0, Op::Start(200, length));
        ops
    });
    prop_oneof![3 => good, 1 => rest()]
}

fn leave() -> impl Strategy<Value = Leave> {
    prop_oneof![
        4 => Just(Leave::Never),
        1 => (0..4usize).prop_map(Leave::Drop),
        1 => (0..4usize).prop_map(Leave::Drain),
    ]
}

fn region(bytes: u8) -> Box<FileRegion> {
    static FILE: OnceLock<File> = OnceLock::new();
    let file = FILE.get_or_init(|| {
        let file = tempfile::tempfile().unwrap();
        file.set_len(16).unwrap();
        file
    });
    let region = FileRegion::new(file.try_clone().unwrap(), 0..u64::from(bytes));
    Box::new(region.unwrap())
}

fn step(op: Op) -> Step {
    Step::Item(match op {
        Op::Start(status, length) => {
            let mut started = started(status);
            started.head_mut().set_length(length.map(u64::from));
            Ok(Event::Start(started))
        }
        Op::Data(bytes) => Ok(Event::Data(Bytes::from_static(&b"abcde"[..bytes.into()]))),
        Op::File(bytes) => Ok(Event::File(region(bytes))),
        Op::Flush => Ok(Event::Flush),
        Op::Trailers => return trailers(),
        Op::Fail(status) => {
            Err(Error::new("scripted").with_status(StatusCode::from_u16(status).unwrap()))
        }
        Op::Gone => Err(Error::disconnected()),
        Op::Pending => return Step::Pending,
        Op::Panic => return Step::Panic,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_body_does(
        method in prop::sample::select(vec![Method::GET, Method::HEAD, Method::CONNECT]),
        ops in ops(),
        exact: bool,
        panics_in_drop: bool,
        leave in leave(),
    ) {
        check(method, &ops, exact, panics_in_drop, leave);
    }
}

fn check(method: Method, ops: &[Op], exact: bool, panics_in_drop: bool, leave: Leave) {
    let order: Arc<Mutex<Vec<&str>>> = Arc::default();
    let (body, hook) = (order.clone(), order.clone());
    let script = Script::new(ops.iter().copied().map(step)).on_drop(move || {
        body.lock().unwrap().push("body");
        if panics_in_drop && !std::thread::panicking() {
            scripted_panic();
        }
    });
    let script = Mutex::new(Some(if exact { script.exact() } else { script }));
    let app = app_fn(move |environ: Environ, _: StartResponse| {
        let hook = hook.clone();
        environ.on_finish(move |_| hook.lock().unwrap().push("hook"));
        script.lock().unwrap().take().unwrap()
    });

    let mut exchange = exchange(method.clone(), "/");
    let told = told(&mut exchange);
    let seen = take(exchange.call(&app), leave);

    assert_eq!(
        *order.lock().unwrap(),
        ["body", "hook"],
        "once each, the body first"
    );
    let mut told = told.lock().unwrap();
    let outcome = told.pop().expect("hooks run");
    assert!(told.is_empty(), "hooks run once");

    let Some(seen) = seen else {
        assert_eq!(outcome.end, End::Disconnected);
        return;
    };
    assert_eq!(outcome.bytes, seen.bytes);
    assert_eq!(outcome.status, Some(seen.status));
    if let Some(Framing::Length(length)) = seen.framing {
        assert_eq!(seen.length, Some(length));
        assert!(seen.bytes <= length, "never more than was promised");
        if outcome.end != End::Disconnected {
            assert_eq!(seen.bytes == length, !seen.cut, "whole, or cut");
        }
        assert!(!seen.parts.iter().any(|part| part == "trailers"));
    }
    if seen.framing == Some(Framing::None) || method == Method::HEAD {
        assert_eq!(seen.bytes, 0);
    }
    let at = seen.parts.iter().position(|part| part == "trailers");
    assert!(
        at.is_none_or(|at| at + 1 == seen.parts.len()),
        "trailers come last"
    );
    assert_ne!(seen.framing, Some(Framing::Upgrade), "nothing was offered");
    assert!(seen.status >= 200);
    if seen.cut {
        assert!(matches!(outcome.end, End::Truncated | End::Disconnected));
        assert!(outcome.error.is_some());
    }
    if outcome.end == End::Refused {
        assert!(outcome.error.is_some());
    }
    if outcome.end == End::Sent {
        assert_eq!(outcome.error, None);
        assert_eq!(Some(seen.status), first_status(ops));
    }
}

/// What a body that keeps the rules is answered with.
fn first_status(ops: &[Op]) -> Option<u16> {
    match ops.iter().find(|op| !matches!(op, Op::Pending))? {
        Op::Start(status, _) => Some(*status),
        _ => None,
    }
}

/// Takes a response as a server does; `None` if it left before the head.
fn take(response: server::Response<Script>, leave: Leave) -> Option<Seen> {
    let mut response = pin!(response);
    let mut cx = Context::from_waker(Waker::noop());
    let mut polls = 0;
    let leaves = |polls: &mut usize| {
        *polls += 1;
        match leave {
            Leave::Never => false,
            Leave::Drop(at) | Leave::Drain(at) => *polls > at,
        }
    };
    macro_rules! depart {
        () => {{
            if let Leave::Drain(_) = leave {
                response.hang_up().unwrap().now();
                while response.as_mut().poll_drain(&mut cx).is_pending() {}
                response.as_mut().finish(Some(End::Disconnected));
            }
        }};
    }
    let Commit { head, framing } = loop {
        if leaves(&mut polls) {
            depart!();
            return None;
        }
        if let Poll::Ready(commit) = response.as_mut().poll_head(&mut cx) {
            break commit;
        }
    };
    let mut seen = Seen {
        status: head.status.as_u16(),
        length: head.length(),
        framing: Some(framing),
        ..Seen::default()
    };
    loop {
        if leaves(&mut polls) {
            depart!();
            return Some(seen);
        }
        match response.as_mut().poll_payload(&mut cx) {
            Poll::Pending => continue,
            Poll::Ready(None) => {
                assert!(response.is_end());
                break;
            }
            Poll::Ready(Some(Err(Cut))) => {
                seen.cut = true;
                let again = response.as_mut().poll_payload(&mut cx);
                assert!(
                    matches!(again, Poll::Ready(Some(Err(Cut)))),
                    "a cut is the end"
                );
                break;
            }
            Poll::Ready(Some(Ok(payload))) => {
                assert!(!matches!(&payload, Payload::Data(data) if data.is_empty()));
                let (text, bytes) = part(payload);
                seen.parts.push(text);
                seen.bytes += bytes;
            }
        }
    }
    response.as_mut().finish(None);
    Some(seen)
}
