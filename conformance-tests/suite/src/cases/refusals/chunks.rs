//! Bodies whose chunks break the grammar.

use super::{alone, closes};
use crate::cases::requests::echo;
use crate::{Case, Client};

const CHUNKED: &str =
    "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n";

/// Each of these is the body of a request of its own, on a connection of its own.
fn broken_chunks(c: &mut Client<'_>, bodies: &[&str]) {
    for body in bodies {
        alone(c, &[CHUNKED, body]);
    }
}

pub(in crate::cases) const CASES: &[Case] = &[
    Case {
        name: "chunk_size_that_is_none_is_400",
        says: "a size with a sign, a prefix or a space, of no digit or of too many is an error, answered 400",
        rules: &[239],
        app: echo,
        client: |c| {
            broken_chunks(
                c,
                &[
                    "x\r\n",
                    "-1\r\n",
                    "+1\r\na\r\n0\r\n\r\n",
                    "0x1\r\na\r\n0\r\n\r\n",
                    " 1\r\na\r\n0\r\n\r\n",
                    "1 \r\na\r\n0\r\n\r\n",
                    "1_0\r\n",
                    "\r\n",
                    "00000000000000001\r\na\r\n0\r\n\r\n",
                ],
            )
        },
        expect: closes!("400" "400" "400" "400" "400" "400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "chunk_longer_than_its_size_is_400",
        says: "a chunk behind which no line ends is an error, answered 400",
        rules: &[239],
        app: echo,
        client: |c| {
            broken_chunks(
                c,
                &[
                    "1\r\nab\r\n0\r\n\r\n",
                    "3\r\nabc0\r\n\r\n",
                    "3\r\nabc\r\n\r\n",
                ],
            )
        },
        expect: closes!("400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "bare_line_feed_in_chunks_is_400",
        says: "a line feed alone, or a carriage return, ends no line between chunks: it is answered 400",
        rules: &[239],
        app: echo,
        client: |c| {
            broken_chunks(
                c,
                &[
                    "1\na\r\n0\r\n\r\n",
                    "1\r\na\n0\r\n\r\n",
                    "1\ra\r\n0\r\n\r\n",
                    "0\n\r\n",
                    "0\r\n\n",
                ],
            )
        },
        expect: closes!("400" "400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "malformed_chunk_extension_is_400",
        says: "an extension without a name, with no value behind its sign or no end of quotes is answered 400",
        rules: &[239],
        app: echo,
        client: |c| {
            broken_chunks(
                c,
                &[
                    "1;\r\na\r\n0\r\n\r\n",
                    "1;=b\r\na\r\n0\r\n\r\n",
                    "1;a=\r\na\r\n0\r\n\r\n",
                    "1;a=\"b\r\na\r\n0\r\n\r\n",
                    "1;a=b c\r\na\r\n0\r\n\r\n",
                ],
            )
        },
        expect: closes!("400" "400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "malformed_trailer_is_400",
        says: "a line of the trailers that breaks the grammar of fields is an error, answered 400",
        rules: &[239],
        app: echo,
        client: |c| {
            broken_chunks(
                c,
                &[
                    "0\r\nX-A b\r\n\r\n",
                    "0\r\nX-A : b\r\n\r\n",
                    "0\r\n X-A: b\r\n\r\n",
                    "0\r\nX-A: b\r\n c\r\n\r\n",
                    "0\r\nX-A: b\x01\r\n\r\n",
                ],
            )
        },
        expect: closes!("400" "400" "400" "400" "400"),
        ..Case::WIRE
    },
    Case {
        name: "trailer_of_framing_is_400",
        says: "a trailer that would speak of framing, of Host or of the connection is an error, answered 400",
        rules: &[239],
        app: echo,
        client: |c| {
            broken_chunks(
                c,
                &[
                    "0\r\nContent-Length: 1\r\n\r\n",
                    "0\r\nTransfer-Encoding: chunked\r\n\r\n",
                    "0\r\nHost: b\r\n\r\n",
                    "0\r\nConnection: close\r\n\r\n",
                ],
            )
        },
        expect: closes!("400" "400" "400" "400"),
        ..Case::WIRE
    },
];
