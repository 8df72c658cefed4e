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
fn all_cases_go_through_the_pipe() {
    breaks(&[], |case| {
        Box::new(servers::Piped(Memory::new(case.name, "")))
    });
}

#[test]
fn early_commit() {
    breaks(
        &[
            "big_field_value_is_sent_whole",
            "broken_grammar_is_500_or_cut",
            "broken_promise_of_one_block_is_500",
            "empty_block_means_nothing",
            "error_brings_fields_of_its_answer",
            "failing_upgrade_ends_its_connection",
            "failure_before_commit_is_a_status",
            "failure_behind_hints_is_a_status",
            "failures_are_logged",
            "file_beyond_the_length_is_not_sent",
            "outcomes_tell_how_it_ended",
            "panic_is_caught",
            "repeated_response_fields_stay_apart",
            "single_block_has_its_length",
            "start_alone_sends_nothing",
            "upgrade_hands_over_left_over_bytes",
            "upgraded_body_is_polled_to_its_end",
            "upgraded_connection_ends_one_side_at_a_time",
        ],
        serving(servers::early_commit),
    );
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
        &[
            "body_is_dropped_on_every_path",
            "client_that_is_to_blame_is_no_failure",
            "cut_after_commit_is_visible",
            "cut_for_http_1_0_is_a_reset",
            "error_text_is_not_sent",
            "failure_behind_a_flush_is_a_cut",
            "failures_are_logged",
            "fallback_behind_the_commit_is_a_cut",
            "lift_that_fails_midway_is_cut",
            "nothing_follows_a_cut",
            "start_alone_sends_nothing",
        ],
        serving(servers::clean_end_on_a_cut),
    );
}

#[test]
fn a_false_fact() {
    breaks(
        &[
            "cancel_on_disconnect_drops_at_once",
            "client_that_leaves_ends_no_other",
            "client_that_left_is_no_failure",
            "disconnect_is_told_without_reading",
            "disconnect_lets_the_step_end",
            "gone_wakes_beside_a_body_that_waits",
            "hooks_run_for_a_client_that_left",
            "read_after_a_disconnect_fails",
        ],
        serving(servers::false_fact),
    );
}

#[test]
fn double_decoded_path() {
    breaks(
        &["cgi_view_of_the_path_is_decoded", "path_is_decoded_once"],
        |case| Box::new(servers::DoubleDecoding(Memory::new(case.name, ""))),
    );
}

#[test]
fn unbounded_buffer() {
    breaks(
        &[
            "absolute_target_is_kept_whole",
            "application_moves_the_split",
            "block_that_may_not_be_the_last_has_no_length",
            "blocks_of_a_lift_are_sent_one_by_one",
            "body_and_answer_go_both_ways_at_once",
            "body_is_dropped_on_every_path",
            "body_of_head_is_dropped_unasked",
            "cgi_view_of_the_path_is_decoded",
            "files_pass_through_layers",
            "lift_that_fails_midway_is_cut",
            "no_byte_of_a_target_is_written_anew",
            "no_hundred_continue_after_commit",
            "panic_is_caught",
            "path_is_split_at_the_mount",
            "slow_reader_stops_the_iteration",
            "target_is_kept_as_sent",
            "url_has_the_port_of_host",
            "url_is_put_together_again",
        ],
        serving(servers::unbounded_buffer),
    );
}

#[test]
fn missing_finish() {
    breaks(
        &[
            "body_is_dropped_on_every_path",
            "body_of_head_is_dropped_unasked",
            "failure_of_head_has_no_body",
        ],
        serving(servers::missing_finish),
    );
}

#[test]
fn dropped_trailer() {
    breaks(
        &[
            "trailers_commit_an_empty_body",
            "trailers_go_to_whom_takes_them",
            "trailers_hold_no_framing",
        ],
        serving(servers::dropped_trailer),
    );
}

#[test]
fn hundred_sent_unread() {
    breaks(
        &[
            "announced_length_beyond_a_limit_is_refused_unread",
            "no_hundred_continue_after_commit",
            "no_hundred_continue_if_dropped",
            "no_hundred_continue_while_the_application_waits",
        ],
        serving(servers::hundred_sent_unread),
    );
}

#[test]
fn swallowed_panic() {
    breaks(
        &[
            "body_is_dropped_on_every_path",
            "error_text_is_not_sent",
            "failures_are_logged",
            "hooks_run_whatever_happened",
            "lift_that_fails_midway_is_cut",
            "panic_is_caught",
            "panic_on_the_pool_is_500",
        ],
        serving(servers::swallowed_panic),
    );
}
