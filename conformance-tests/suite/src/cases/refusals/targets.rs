//! Hosts and targets that may not be.

use crate::Case;
use crate::cases::refusals::{refusals, refused};
use crate::cases::requests::noted_echo;

pub(in crate::cases) const CASES: &[Case] = &[
    Case {
        name: "missing_host_is_400",
        says: "a request of HTTP/1.1 without Host is answered 400, with an absolute target too",
        rules: &[234],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET {root}/ HTTP/1.1\r\n{case}\r\n",
                    "GET http://a{root}/ HTTP/1.1\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost_: a\r\n{case}\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "second_host_is_400",
        says: "a second Host is answered 400, be it the same and in HTTP/1.0 too",
        rules: &[234],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Host: a\r\n\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}Host: b\r\n\r\n",
                    "GET {root}/ HTTP/1.0\r\nHost: a\r\nHost: a\r\n{case}\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "malformed_host_is_400",
        says: "a Host that is no host with a port, or none at all, is answered 400",
        rules: &[234],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET {root}/ HTTP/1.1\r\nHost: \r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a, b\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a b\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a:port\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a:65536\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: u@a\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: a/b\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: [::1\r\n{case}\r\n",
                    "GET {root}/ HTTP/1.1\r\nHost: caf\u{e9}\r\n{case}\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400" "400" "400" "400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "absolute_target_goes_before_host",
        says: "the authority of an absolute target stands in Host's place",
        rules: &[235],
        app: |environ, start_response| {
            let host = environ.header("host").unwrap_or_default().to_vec();
            crate::cases::environ::text(start_response, host)
        },
        client: |c| {
            c.send("GET http://b:81{root}/x HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 4
            "b:81"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "absolute_target_that_is_no_http_is_400",
        says: "an absolute target of another scheme, without a host or with a user is answered 400",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET ftp://a{root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET http:// HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET http://u@a{root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET http://a:x{root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "asterisk_is_a_target_of_options_alone",
        says: "an asterisk is answered 400 but with OPTIONS, and so is one with more behind it",
        rules: &[236],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET * HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "POST * HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "options * HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "OPTIONS ** HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "authority_is_a_target_of_connect_alone",
        says: "a host and port is a target of CONNECT, which has no other: else they are answered 400",
        rules: &[236],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET a:80 HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "OPTIONS a:80 HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "CONNECT {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "CONNECT a HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "target_without_a_slash_is_400",
        says: "a target that begins with neither a slash nor a scheme is answered 400",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET x{root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET ?a HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET . HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "fragment_in_a_target_is_400",
        says: "a target with a fragment is answered 400: no client sends one",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET {root}/#part HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/?a#part HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                ],
            );
        },
        expect: refusals!("400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "byte_that_no_target_has_is_400",
        says: "bytes above ASCII, controls, quotes and backslashes are in no target: they are answered 400",
        rules: &[233],
        app: noted_echo,
        client: |c| {
            refused(
                c,
                &[
                    "GET {root}/\u{e9} HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/?\u{e9} HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/\" HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/\\ HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/\x01 HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                    "GET {root}/\x7f HTTP/1.1\r\nHost: a\r\n{case}\r\n",
                ],
            );
        },
        expect: refusals!("400" "400" "400" "400" "400" "400"),
        ..Case::WIRE
    },
];
