//! Requests behind each other, and how their bytes come.

use rgi_core::{BoxBody, Environ, StartResponse};

use crate::cases::bodies::ok;
use crate::cases::environ::text;
use crate::cases::requests::echo;
use crate::{Case, pattern};

/// Answers with the path and the body of the request.
fn path_and_body(mut environ: Environ, start_response: StartResponse) -> BoxBody {
    BoxBody::future(async move {
        let body = environ.input().collect(100).await?;
        let seen = format!("{} {}", environ.path_info(), body.escape_ascii());
        Ok(ok(start_response).full(seen))
    })
}

/// Requests behind each other, from one number up to another: with no body, with one of known
/// length, and with one in chunks, in turn.
fn requests(from: usize, to: usize) -> String {
    let one = |n: usize| match n % 3 {
        0 => format!("GET {{root}}/{n} HTTP/1.1\r\nHost: a\r\n{{case}}\r\n"),
        1 => {
            format!("POST {{root}}/{n} HTTP/1.1\r\nHost: a\r\n{{case}}Content-Length: 3\r\n\r\nlen")
        }
        _ => format!(
            "POST {{root}}/{n} HTTP/1.1\r\nHost: a\r\n{{case}}Transfer-Encoding: chunked\r\n\r\n\
             3\r\nchu\r\n3\r\nnks\r\n0\r\n\r\n"
        ),
    };
    (from..to).map(one).collect()
}

pub(in crate::cases) const CASES: &[Case] = &[
    Case {
        name: "pipelined_answers_in_order",
        says: "requests sent behind each other, with bodies between, are answered in their order",
        rules: &[250],
        app: path_and_body,
        client: |c| {
            c.send(
                "GET {root}/1 HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 POST {root}/2 HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 2\r\n\r\nab\
                 POST {root}/3 HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n1\r\nc\r\n0\r\n\r\n\
                 GET {root}/4 HTTP/1.1\r\nHost: a\r\n{case}Connection: close\r\n\r\n",
            );
            c.answer();
            c.answer();
            c.answer();
            c.answer();
            c.end();
        },
        expect: r#"
            200
            content-length: 3
            "/1 "
            200
            content-length: 5
            "/2 ab"
            200
            content-length: 4
            "/3 c"
            200
            connection: close
            content-length: 3
            "/4 "
            closed
        "#,
        ..Case::WIRE
    },
    Case {
        name: "requests_may_come_byte_by_byte",
        says: "where a request is cut into pieces makes no difference",
        rules: &[278],
        app: echo,
        client: |c| {
            let request = "POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Transfer-Encoding: chunked\r\n\r\n\
                           3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n";
            c.send_slowly(request);
            c.answer();
            c.send_slowly("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 3
            "abc"
            200
            content-length: 0
        "#,
        ..Case::WIRE
    },
    Case {
        name: "empty_lines_before_a_request_are_passed_over",
        says: "a line end or two before a request line are no request",
        rules: &[246],
        app: echo,
        client: |c| {
            c.send("\r\nGET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n\r\n");
            c.answer();
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: "
            200
            content-length: 0
            200
            content-length: 0
        ",
        ..Case::WIRE
    },
    Case {
        name: "sixteen_requests_in_one_write_are_answered_in_order",
        says: "sixteen requests sent in one write, with bodies of both kinds between, are answered in order",
        rules: &[250],
        app: path_and_body,
        client: |c| {
            c.send(&requests(10, 26));
            for _ in 10..26 {
                c.answer();
            }
        },
        expect: r#"
            200
            content-length: 7
            "/10 len"
            200
            content-length: 10
            "/11 chunks"
            200
            content-length: 4
            "/12 "
            200
            content-length: 7
            "/13 len"
            200
            content-length: 10
            "/14 chunks"
            200
            content-length: 4
            "/15 "
            200
            content-length: 7
            "/16 len"
            200
            content-length: 10
            "/17 chunks"
            200
            content-length: 4
            "/18 "
            200
            content-length: 7
            "/19 len"
            200
            content-length: 10
            "/20 chunks"
            200
            content-length: 4
            "/21 "
            200
            content-length: 7
            "/22 len"
            200
            content-length: 10
            "/23 chunks"
            200
            content-length: 4
            "/24 "
            200
            content-length: 7
            "/25 len"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "pipelined_requests_may_be_cut_anywhere",
        says: "requests behind each other, of which each byte comes by itself, are what they are in one piece",
        rules: &[250, 278],
        app: path_and_body,
        client: |c| {
            c.send_slowly(&requests(3, 9));
            for _ in 3..9 {
                c.answer();
            }
        },
        expect: r#"
            200
            content-length: 3
            "/3 "
            200
            content-length: 6
            "/4 len"
            200
            content-length: 9
            "/5 chunks"
            200
            content-length: 3
            "/6 "
            200
            content-length: 6
            "/7 len"
            200
            content-length: 9
            "/8 chunks"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "pipelined_answers_wait_for_a_late_reader",
        says: "a client that sends all its requests before it reads gets all the answers, large as they are",
        rules: &[250],
        app: |_, start_response| text(start_response, pattern(400_000)),
        client: |c| {
            c.send(&"GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n".repeat(8));
            for _ in 0..8 {
                c.answer();
            }
        },
        expect: "
            200
            content-length: 400000
            400000 bytes of the pattern
            200
            content-length: 400000
            400000 bytes of the pattern
            200
            content-length: 400000
            400000 bytes of the pattern
            200
            content-length: 400000
            400000 bytes of the pattern
            200
            content-length: 400000
            400000 bytes of the pattern
            200
            content-length: 400000
            400000 bytes of the pattern
            200
            content-length: 400000
            400000 bytes of the pattern
            200
            content-length: 400000
            400000 bytes of the pattern
        ",
        ..Case::WIRE
    },
    Case {
        name: "request_that_breaks_off_spoils_no_answer_before_it",
        says: "an answer that is ready reaches a client whose next request breaks off in its body",
        rules: &[191, 206],
        app: echo,
        client: |c| {
            c.send(
                "GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n\
                 POST {root}/ HTTP/1.1\r\nHost: a\r\n{case}Content-Length: 10\r\n\r\nabc",
            );
            c.half_close();
            c.answer();
            c.end();
        },
        expect: "
            200
            content-length: 0
            closed
        ",
        ..Case::WIRE
    },
];
