//! The names of all cases, for the macro: a test holds them to the list of cases.

/// Makes one test a case, at the root and under a prefix: what a server's author writes.
///
/// Takes a function that serves the [`Site`](crate::Site) until it is told to stop: see
/// [`Serve`](crate::Serve).
#[macro_export]
macro_rules! suite {
    (@modules [$check:expr] $($case:ident)*) => {
        /// The application at the root.
        mod at_the_root { $(
            #[test]
            fn $case() {
                super::check_case(stringify!($case), "");
            }
        )* }

        /// The application under a prefix.
        mod under_a_prefix { $(
            #[test]
            fn $case() {
                super::check_case(stringify!($case), "/under/a%20prefix");
            }
        )* }

        fn check_case(case: &str, root: &str) {
            ($check)(case, root);
        }
    };
    ($serve:expr) => {
        $crate::each_case! { @modules [
            |case: &str, root: &str| $crate::check(case, &$crate::Local::start($serve, case, root))
        ] }
    };
}

/// As [`suite!`], of any target: takes a function of a case's name and the root that
/// [checks](crate::check) the case on it.
#[macro_export]
macro_rules! suite_on {
    ($check:expr) => {
        $crate::each_case! { @modules [$check] }
    };
}

/// The names of all cases, behind what it is given.
#[doc(hidden)]
#[macro_export]
macro_rules! each_case {
    ($($before:tt)*) => {
        $crate::suite! { $($before)*
            // environ
            environ_is_exact
            repeated_request_fields_stay_apart
            path_is_decoded_once
            // requests
            big_body_arrives_whole
            hundred_continue_on_first_read
            // connections
            pipelined_answers_in_order
            // refusals
            malformed_head_is_refused
            // responses
            status_is_sent_as_it_was_set
            response_arrives_as_it_was_made
            repeated_response_fields_stay_apart
            big_field_value_is_sent_whole
            field_names_compare_without_case
            date_is_added
            applications_date_and_server_stand
            hop_by_hop_fields_are_not_sent
            start_alone_sends_nothing
            flush_sends_the_head
            replace_before_commit
            recalled_start_leaves_nothing_behind
            informational_start_is_500
            unused_token_is_500
            single_block_has_its_length
            block_that_may_not_be_the_last_has_no_length
            promised_length_is_sent
            short_body_is_cut
            no_more_than_the_length_is_sent
            iteration_stops_at_the_length
            broken_promise_of_one_block_is_500
            unknown_length_is_chunked
            unknown_length_ends_with_the_connection_on_http_1_0
            body_bytes_arrive_unchanged
            body_like_a_head_stays_a_body
            many_blocks_arrive_in_order
            empty_block_means_nothing
            pending_body_is_waited_for
            start_may_come_late
            hand_written_bodies_are_served
            broken_grammar_is_500_or_cut
            block_is_sent_before_the_next_is_asked_for
            pushed_blocks_are_sent_as_written
            head_has_no_body
            head_has_the_promised_length_or_none
            failure_of_head_has_no_body
            body_of_head_is_dropped_unasked
            no_content_has_neither_body_nor_length
            not_modified_has_no_body
            reset_content_is_empty
            // endings
            cut_after_commit_is_visible
            // features
            // workers
            block_is_on_the_wire_before_the_next_is_asked_for
        }
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_macro_names_every_case() {
        let text = include_str!("names.rs");
        let named = text.split("$crate::suite! { $($before)*").nth(1);
        let named = named
            .and_then(|rest| rest.split('}').next())
            .unwrap_or_default();
        let named: Vec<&str> = named
            .lines()
            .filter(|line| !line.contains("//"))
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect();
        let cases: Vec<&str> = crate::cases().map(|case| case.name).collect();
        assert_eq!(
            named, cases,
            "put the cases' names, in their order, into `each_case!`"
        );
    }
}
