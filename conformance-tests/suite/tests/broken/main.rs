//! Ten broken servers, each a working one with a small wrapper around it: the suite finds what is
//! broken about each, and finds nothing else.

mod servers;

use std::collections::BTreeSet;

use rgi_conformance::{Case, Memory, Target, Verdict, cases, run};
use rgi_core::BoxApp;

/// The names of the cases that fail on a server, of those that were run.
fn red(target: impl Fn(&Case) -> Box<dyn Target + Send> + Sync) -> BTreeSet<&'static str> {
    let all: Vec<&'static Case> = cases().collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let red = std::sync::Mutex::new(BTreeSet::new());
    // Those that fail wait for what never comes.
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(case) = all.get(at) else { return };
                    if let Verdict::Failed(_) = run(case, &*target(case)) {
                        red.lock().unwrap().insert(case.name);
                    }
                }
            });
        }
    });
    red.into_inner().unwrap()
}

/// Exactly these cases fail on a server.
#[track_caller]
fn breaks(expected: &[&str], target: impl Fn(&Case) -> Box<dyn Target + Send> + Sync) {
    let red = red(target);
    let expected: BTreeSet<&str> = expected.iter().copied().collect();
    let missed: Vec<_> = expected.difference(&red).collect();
    let more: Vec<_> = red.difference(&expected).collect();
    assert!(
        missed.is_empty() && more.is_empty(),
        "these do not fail: {missed:#?}\nthese fail, too: {more:#?}"
    );
}

/// In memory, with something around the site.
fn serving(app: fn() -> BoxApp) -> impl Fn(&Case) -> Box<dyn Target + Send> + Sync {
    move |case| Box::new(Memory::serving(app(), case.name, ""))
}

#[test]
fn a_server_that_is_not_broken() {
    breaks(&[], serving(servers::sound));
}

#[test]
fn early_commit() {
    breaks(&[], serving(servers::early_commit));
}

#[test]
fn lost_repeated_header() {
    breaks(
        &["repeated_response_fields_stay_apart"],
        serving(servers::lost_repeated_header),
    );
}

#[test]
fn clean_end_on_a_cut() {
    breaks(
        &["cut_after_commit_is_visible"],
        serving(servers::clean_end_on_a_cut),
    );
}

#[test]
fn a_false_fact() {
    breaks(&[], serving(servers::false_fact));
}

#[test]
fn double_decoded_path() {
    breaks(&["path_is_decoded_once"], |case| {
        Box::new(servers::DoubleDecoding(Memory::new(case.name, "")))
    });
}

#[test]
fn unbounded_buffer() {
    breaks(
        &["block_is_on_the_wire_before_the_next_is_asked_for"],
        serving(servers::unbounded_buffer),
    );
}

#[test]
fn missing_finish() {
    breaks(&[], serving(servers::missing_finish));
}

#[test]
fn dropped_trailer() {
    breaks(&[], serving(servers::dropped_trailer));
}

#[test]
fn hundred_sent_unread() {
    breaks(
        &["hundred_continue_on_first_read"],
        serving(servers::hundred_sent_unread),
    );
}

#[test]
fn swallowed_panic() {
    breaks(&[], serving(servers::swallowed_panic));
}
