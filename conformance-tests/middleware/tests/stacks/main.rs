//! Middleware that is set to change nothing changes nothing: the suite's cases pass through each of it,
//! and through stacks of five in any order.

mod credentials;
mod listener;
mod pieces;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pieces::{PIECES, Piece, stack};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rgi_conformance::{Case, Kind, Local, Memory, Serve, Site, Target, Verdict, cases, run_each};
use rgi_core::server::Server;

fn site(pieces: &[&'static Piece]) -> Site {
    Site::new().around(stack(pieces))
}

/// The cases that fail, with what was seen.
fn failures<T: Target>(start: impl Fn(&Case) -> T) -> Vec<(&'static str, String)> {
    let failed = run_each(cases(), start).filter_map(|(case, verdict)| match verdict {
        Verdict::Failed(report) => Some((case.name, report)),
        _ => None,
    });
    failed.collect()
}

fn in_memory(pieces: &[&'static Piece]) -> Vec<(&'static str, String)> {
    failures(|case| Memory::serving(site(pieces).into_app(), case.name, ""))
}

fn served(serve: Serve, pieces: &[&'static Piece]) -> Vec<(&'static str, String)> {
    failures(|case| Local::with(serve, site(pieces), case.config("")))
}

/// What each piece changes that it should not, and what it should and does not.
#[test]
fn each_changes_what_it_is_about_alone() {
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(String::new());
    // Cases wait more than they work.
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(piece) = PIECES.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = differences(piece);
                    wrong.lock().unwrap().push_str(&found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{wrong}");
}

fn differences(piece: &'static Piece) -> String {
    let failed = in_memory(&[piece]);
    let mut wrong = String::new();
    for (name, report) in &failed {
        if !piece.explains(name) {
            wrong += &format!("{} changes\n{report}\n", piece.name);
        }
    }
    let on_http2 = |name: &str| cases().any(|it| it.name == name && it.kind == Kind::Http2);
    for name in piece.changes {
        // In memory there is none.
        if !on_http2(name) && !failed.iter().any(|(failed, _)| failed == name) {
            wrong += &format!("{} changes nothing of {name}\n", piece.name);
        }
    }
    wrong
}

/// Five pieces in any order.
fn stacks() -> impl Strategy<Value = Vec<&'static Piece>> {
    let shuffled = Just(PIECES.iter().collect::<Vec<_>>()).prop_shuffle();
    shuffled.prop_map(|pieces| pieces.into_iter().take(5).collect())
}

/// Tries a few stacks, by `failures` of each: as many as PROPTEST_CASES says, if it is set.
fn stacks_change_no_more(
    few: u32,
    failures: impl Fn(&[&'static Piece]) -> Vec<(&'static str, String)>,
) {
    let config = Config::default();
    let config = Config {
        cases: match std::env::var_os("PROPTEST_CASES") {
            Some(_) => config.cases,
            None => few,
        },
        // Each try takes long, and there is little to leave out.
        max_shrink_iters: 0,
        failure_persistence: None,
        ..config
    };
    let tried = TestRunner::new(config).run(&stacks(), |stack| {
        let about = |name: &str| stack.iter().any(|piece| piece.explains(name));
        let wrong: Vec<String> = failures(&stack)
            .into_iter()
            .filter(|(name, _)| !about(name))
            .map(|(_, report)| report)
            .collect();
        prop_assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
}

#[test]
fn stacks_in_memory() {
    stacks_change_no_more(4, in_memory);
}

#[test]
fn stacks_on_evented() {
    stacks_change_no_more(2, |stack| {
        served(
            |config, site, listeners, stop| {
                rgi_evented::Evented::new(config).serve(site, listeners, stop)
            },
            stack,
        )
    });
}

#[test]
fn stacks_on_coroutine() {
    stacks_change_no_more(2, |stack| {
        served(
            |config, site, listeners, stop| {
                rgi_coroutine::Coroutine::new(config).serve(site, listeners, stop)
            },
            stack,
        )
    });
}
