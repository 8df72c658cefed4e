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
            full_body_has_its_length
            head_has_no_body
            repeated_response_fields_stay_apart
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
