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
            // environ line
            request_line_reaches_the_application
            target_is_kept_as_sent
            url_is_put_together_again
            method_may_be_any_token
            http_1_0_is_told_as_such
            query_begins_at_the_first_question_mark
            no_byte_of_a_target_is_written_anew
            absolute_target_is_kept_whole
            asterisk_of_options_reaches_the_application
            url_has_the_port_of_host
            // environ paths
            path_is_split_at_the_mount
            outside_of_the_mount_is_404
            path_is_not_normalised
            path_is_decoded_once
            mount_itself_has_an_empty_path_info
            prefix_spelt_otherwise_is_outside
            application_moves_the_split
            escapes_that_are_none_stay
            // environ fields
            request_fields_reach_the_application
            field_bytes_are_kept
            repeated_request_fields_stay_apart
            hop_by_hop_fields_stay_with_the_server
            field_names_may_be_any_token
            big_request_field_arrives_whole
            many_repeats_of_a_field_keep_their_order
            cookies_of_several_lines_are_one_variable
            connection_cannot_unsay_the_framing
            transfer_fields_are_not_shown
            // environ values
            cgi_variables_are_told
            cgi_view_confuses_no_names
            deployers_values_are_told
            scheme_and_addresses_are_told
            error_stream_takes_any_text
            requests_see_nothing_of_each_other
            application_is_called_again_and_again
            plain_connection_has_no_facts_of_tls
            server_has_the_name_it_was_called_by
            cgi_view_of_the_path_is_decoded
            each_variable_is_listed_once
            deployers_values_hide_nothing_of_the_request
            pipelined_requests_see_nothing_of_each_other
            requests_under_way_at_once_stay_apart
            // requests bodies
            bodies_of_any_size_are_read
            body_that_looks_like_a_head_is_a_body
            length_of_input_is_the_clients
            input_ends_at_its_length
            chunked_request_is_decoded
            request_trailers_come_behind_the_input
            request_without_a_length_has_no_body
            body_of_any_method_is_read
            chunked_body_may_be_empty
            chunks_of_all_sizes_make_one_body
            body_of_http_1_0_ends_at_its_length
            trailers_stay_apart_and_say_nothing_of_the_message
            // requests reading
            end_of_input_is_told_each_time
            input_is_read_as_blocks_lines_and_bytes
            broken_off_body_is_a_disconnect
            large_chunked_body_is_413_to_its_reader
            broken_input_is_told_each_time
            announced_length_beyond_a_limit_is_refused_unread
            rest_is_collected_behind_the_first_block
            block_of_input_is_never_empty
            input_is_read_as_it_comes
            body_and_answer_go_both_ways_at_once
            limit_of_the_application_is_413
            length_at_a_limit_is_read
            broken_off_chunks_are_a_disconnect
            // requests unread
            unread_body_is_not_the_next_request
            kept_input_is_told_of_the_end
            body_read_in_part_is_not_the_next_request
            unread_body_may_come_behind_the_answer
            unread_chunks_are_not_the_next_request
            unread_body_that_breaks_the_grammar_ends_the_connection
            large_unread_body_ends_the_connection_behind_the_answer
            // requests expectations
            hundred_continue_on_first_read
            no_hundred_continue_if_dropped
            no_hundred_continue_after_commit
            no_hundred_continue_when_the_body_came_along
            no_hundred_continue_to_http_1_0
            no_hundred_continue_for_what_no_application_sees
            hundred_continue_is_sent_once_for_each_body
            no_hundred_continue_without_a_body
            no_hundred_continue_while_the_application_waits
            no_hundred_continue_outside_of_the_mount
            no_hundred_continue_for_a_length_past_the_limit
            // connections keeping
            connection_stays_open_unless_told
            http_1_0_closes_unless_asked_to_stay
            closing_is_said
            http_1_0_gets_no_chunks_and_no_interim_responses
            http_1_0_is_told_that_it_stays
            close_counts_in_any_line_of_connection
            connection_stays_open_behind_each_kind_of_answer
            // connections pipelines
            pipelined_answers_in_order
            requests_may_come_byte_by_byte
            empty_lines_before_a_request_are_passed_over
            sixteen_requests_in_one_write_are_answered_in_order
            pipelined_requests_may_be_cut_anywhere
            pipelined_answers_wait_for_a_late_reader
            request_that_breaks_off_spoils_no_answer_before_it
            // connections times
            slow_head_is_408
            slow_body_is_408
            idle_connection_is_closed_without_a_word
            client_that_takes_nothing_is_cut
            long_request_is_503_or_cut
            slow_next_head_is_408
            slow_chunks_are_408
            stray_line_end_is_no_slow_head
            slow_application_is_no_slow_client
            // refusals heads
            line_without_a_colon_is_400
            space_before_a_colon_is_400
            folded_line_is_400
            bare_line_feed_is_400
            bare_carriage_return_is_400
            control_in_a_value_is_400
            field_name_that_is_no_token_is_400
            method_that_is_no_token_is_400
            one_space_each_stands_in_a_request_line
            word_that_is_no_version_is_400
            unknown_version_is_505
            tls_on_a_plain_connection_is_400
            nothing_behind_a_refusal_is_read
            answers_before_a_refusal_are_sent
            refusal_reaches_a_client_that_sends_on
            refusal_ends_no_other_connection
            // refusals targets
            missing_host_is_400
            second_host_is_400
            malformed_host_is_400
            absolute_target_goes_before_host
            absolute_target_that_is_no_http_is_400
            asterisk_is_a_target_of_options_alone
            authority_is_a_target_of_connect_alone
            target_without_a_slash_is_400
            fragment_in_a_target_is_400
            byte_that_no_target_has_is_400
            // refusals framing
            two_framings_are_400
            second_length_is_400
            length_that_is_no_number_is_400
            transfer_coding_of_http_1_0_is_400
            chunked_comes_last_and_once
            unknown_transfer_coding_is_501
            names_near_those_of_framing_frame_nothing
            // refusals chunks
            chunk_size_that_is_none_is_400
            chunk_longer_than_its_size_is_400
            bare_line_feed_in_chunks_is_400
            malformed_chunk_extension_is_400
            malformed_trailer_is_400
            trailer_of_framing_is_400
            // refusals limits
            target_past_its_limit_is_414
            head_past_its_limit_is_431
            head_without_end_is_431
            trailers_without_end_are_refused
            fields_past_their_limit_are_431
            large_body_is_413
            announced_body_past_its_limit_is_413_at_once
            unknown_expectation_is_417
            http_1_0_has_no_expectations
            // responses heads
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
            // responses lengths
            single_block_has_its_length
            block_that_may_not_be_the_last_has_no_length
            promised_length_is_sent
            short_body_is_cut
            no_more_than_the_length_is_sent
            iteration_stops_at_the_length
            broken_promise_of_one_block_is_500
            unknown_length_is_chunked
            unknown_length_ends_with_the_connection_on_http_1_0
            // responses blocks
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
            // responses bodiless
            head_has_no_body
            head_has_the_promised_length_or_none
            failure_of_head_has_no_body
            body_of_head_is_dropped_unasked
            no_content_has_neither_body_nor_length
            not_modified_has_no_body
            reset_content_is_empty
            // endings failures
            failure_before_commit_is_a_status
            error_without_an_answers_status_is_500
            error_brings_fields_of_its_answer
            error_text_is_not_sent
            cut_after_commit_is_visible
            cut_of_a_known_length_is_visible
            cut_for_http_1_0_is_a_reset
            failure_behind_a_flush_is_a_cut
            fallback_behind_the_commit_is_a_cut
            nothing_follows_a_cut
            panic_is_caught
            panic_in_a_drop_spoils_nothing
            error_of_input_keeps_its_status
            malformed_input_is_400_however_it_is_read
            // endings disconnects
            disconnect_is_told_without_reading
            disconnect_lets_the_step_end
            cancel_on_disconnect_drops_at_once
            write_after_a_disconnect_fails
            read_after_a_disconnect_fails
            half_closed_client_gets_what_is_ready
            client_that_leaves_ends_no_other
            // endings hooks
            body_is_dropped_on_every_path
            client_that_leaves_ends_the_iteration
            hooks_run_last_first_behind_the_body
            hooks_run_whatever_happened
            outcomes_tell_how_it_ended
            hooks_run_for_a_client_that_left
            late_hook_runs_at_once
            // endings logs
            failures_are_logged
            client_that_left_is_no_failure
            client_that_is_to_blame_is_no_failure
            // features fields
            trailers_go_to_whom_takes_them
            trailers_behind_a_length_are_left_out
            trailers_hold_no_framing
            early_hints_come_before_the_answer
            interim_responses_hold_no_framing
            trailers_commit_an_empty_body
            failure_behind_hints_is_a_status
            // features upgrades
            fact_upgrade_holds
            no_upgrade_without_the_fact
            offer_not_taken_changes_nothing
            upgrade_hands_over_left_over_bytes
            upgraded_connection_ends_one_side_at_a_time
            offer_of_another_protocol_is_not_taken
            no_offer_to_http_1_0
            upgraded_body_is_polled_to_its_end
            failing_upgrade_ends_its_connection
            // features files
            file_regions_are_sent_exactly
            big_file_is_sent_whole
            files_pass_through_layers
            files_and_blocks_mix
            shortened_file_is_cut
            big_file_passes_through_a_layer
            file_is_sent_to_http_1_0
            region_of_a_big_file_is_sent
            file_beyond_the_length_is_not_sent
            files_keep_the_order_of_pipelined_answers
            // workers facts
            fact_software_holds
            fact_multithread_holds
            one_request_at_a_time_where_the_facts_say_so
            fact_multiprocess_holds
            fact_run_once_holds
            fact_reentrant_holds
            fact_may_block_holds
            facts_stand_in_the_environ
            load_is_told_or_nothing
            // workers flow
            kept_token_writes_into_no_other_answer
            application_is_woken_from_other_threads
            timer_wakes_in_order
            slow_reader_stops_the_iteration
            slow_application_stops_the_client
            sleep_lasts_as_long_as_it_should
            gone_wakes_beside_a_body_that_waits
            slow_reader_gets_the_rest
            wakes_pull_no_blocks
            input_in_tiny_chunks_leaves_others_their_turn
            // workers lifts
            blocking_read_names_the_lift
            lift_that_blocks_stalls_nobody
            pool_without_a_free_thread_is_503
            slow_bodies_hold_no_thread
            hundred_continue_for_a_lift
            client_that_leaves_frees_its_thread
            panic_on_the_pool_is_500
            lift_reads_lines_and_yields_blocks
            lift_that_fails_midway_is_cut
            blocks_of_a_lift_are_sent_one_by_one
            lift_reads_what_comes_while_it_runs
            client_that_leaves_ends_the_iteration_of_a_lift
            // http2 connection
            fact_http2_holds
            preface_without_the_fact_is_refused
            settings_are_acknowledged_in_order
            ping_is_answered_with_its_bytes
            unknown_frames_are_passed_over
            preface_is_followed_by_settings
            ping_of_a_wrong_size_ends_the_connection
            ping_of_a_stream_ends_the_connection
            settings_of_a_stream_end_the_connection
            settings_of_a_wrong_size_end_the_connection
            settings_out_of_range_end_the_connection
            frame_larger_than_allowed_ends_the_connection
            windows_grow_by_more_than_nothing
            window_of_the_connection_has_a_bound
            window_update_of_a_wrong_size_ends_the_connection
            clients_push_nothing
            idle_connection_is_told_before_it_is_closed
            // http2 blocks
            field_block_is_interrupted_by_nothing
            continuation_of_nothing_ends_the_connection
            field_block_may_come_in_pieces
            field_block_that_cannot_be_read_ends_the_connection
            padding_is_shorter_than_its_frame
            padding_and_priority_say_nothing
            // http2 streams
            streams_are_of_odd_numbers
            headers_belong_to_a_stream
            numbers_of_streams_go_up
            numbers_of_streams_may_be_left_out
            idle_stream_has_headers_first
            ended_request_has_no_more_data
            ended_stream_has_no_more_frames
            late_frames_of_an_ended_stream_are_passed_over
            stream_may_not_depend_on_itself_or_nobody_cares
            error_of_a_stream_ends_no_other
            window_of_a_stream_grows_by_more_than_nothing
            streams_beyond_the_limit_are_refused_alone
            // http2 leaves
            reset_of_a_wrong_size_ends_the_connection
            stream_that_is_reset_ends_its_request_alone
            body_of_a_reset_stream_is_broken_off
            connection_that_ends_ends_all_its_streams
            // http2 heads
            authority_stands_as_host
            authority_and_host_agree
            pseudo_fields_are_all_there
            pseudo_fields_come_once
            pseudo_fields_come_first
            pseudo_fields_are_those_of_requests
            field_names_are_in_lower_case
            field_values_hold_no_line_ends
            fields_of_the_connection_are_malformed
            malformed_request_ends_no_other
            te_of_trailers_is_the_connections
            heads_beyond_the_limits_are_refused_alone
            connect_without_a_tunnel_is_refused
            outside_of_the_mount_is_404_on_each_version
            // http2 bodies
            data_is_as_long_as_its_length
            length_of_no_number_is_malformed
            bodies_of_http2_are_read_and_written
            trailers_of_http2_go_both_ways
            trailers_end_their_stream
            pseudo_field_among_trailers_is_no_trailer
            input_and_answer_of_a_stream_go_both_ways_at_once
            // http2 answers
            answers_without_a_body_end_with_their_head
            blocks_of_http2_are_sent_as_they_come
            failures_on_http2_are_statuses_or_resets
            answer_may_come_before_the_body_of_its_request
            hints_on_http2_come_first_or_not_at_all
            expectations_on_http2_are_met
            repeated_fields_of_http2_stay_apart
            methods_of_any_name_and_bodies_of_any_method
            // http2 flow
            answer_fits_into_its_window
            window_of_settings_is_that_of_open_streams
            stream_without_a_window_holds_up_no_other
            window_of_the_connection_bounds_all_streams
            full_window_stops_the_iteration
            input_beyond_the_windows_ends_the_connection
            reader_gives_room_for_what_it_has_read
            unread_input_gives_its_room_back
            // http2 order
            later_stream_may_be_answered_first
            streams_are_worked_on_at_once
            endless_answer_leaves_room_for_others
            connections_of_both_versions_share_nothing
            lift_that_blocks_holds_up_no_stream
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
