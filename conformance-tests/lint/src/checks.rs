//! The checks, each named once.

use rgi_spec::Side;

/// One check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// Whose fault its findings are.
    pub side: Side,
    /// The rules of RGI it tries, by number.
    pub rules: &'static [u16],
    /// What it looks for.
    pub about: &'static str,
}

macro_rules! checks {
    ($($side:ident $name:literal [$($rule:literal),*] $about:literal;)*) => {
        /// All checks.
        pub const CHECKS: &[Check] = &[$(Check {
            name: $name,
            side: Side::$side,
            rules: &[$($rule),*],
            about: $about,
        }),*];
    };
}

checks! {
    Application "first-event" [144, 148] "the first event is no start, or one with a 1xx status";
    Application "second-start" [148] "a second start";
    Application "event-after-end" [149] "an event behind the end, or behind an error";
    Application "event-after-trailers" [149] "an event behind trailers or an upgrade";
    Application "length-too-short" [164, 272] "fewer bytes than the head promised";
    Application "length-too-long" [164, 272] "more bytes than the head promised";
    Application "body-where-none" [173] "a body for a status that has none";
    Application "size-hint" [14] "a hint of the number of blocks that was wrong";
    Application "trailers-with-length" [177] "trailers behind a promised length";
    Application "trailers-unannounced" [175] "trailers that the Trailer field does not name";
    Application "content-type-missing" [146] "content without its type";
    Application "content-fields-where-none" [147] "fields about content where there is none";
    Application "token-of-another" [124] "a start made of another request's token";
    Application "input-misuse" [185] "success, where the input had failed";
    Server "environ-target" [128, 129, 236] "a target, or a query, that is not what was sent";
    Server "environ-path" [21, 22, 130, 131, 133] "a path that is not split in two at a segment's end";
    Server "environ-headers" [102, 136, 234] "fields of the connection, values with white space around them, not one valid Host";
    Server "facts-change" [219] "facts that are not those told before";
    Server "facts-contradict" [220] "facts that contradict each other or the environ";
    Server "facts-threads" [40, 211] "calls at once, where the facts say there are none";
    Server "poll-after-end" [152] "a body that is polled behind its end";
    Server "finish-before-drop" [192] "a hook that ran before the body was dropped";
    Server "finish-missing" [193] "a hook that is thrown away without being run";
    Server "input-length" [183] "a body of the request that is not as long as was said";
}
