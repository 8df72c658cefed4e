//! Conditional requests.

use rgi_conformance::Case;
use rgi_core::{
    AppExt, BoxBody, Bytes, Environ, Error, Full, Head, HeaderValue, StartResponse, StatusCode,
    app_fn, field, media,
};
use rgi_middleware::{Conditional, Range};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "conditional_get_of_what_the_client_has",
        says: "what the client has is not sent again: 304, without a body and what speaks of it",
        app: page,
        client: |c| {
            c.ask("GET", "/").field("if-none-match", "\"a\"").send();
            c.ask("HEAD", "/")
                .field("if-none-match", "\"b\", W/\"a\"")
                .send();
            c.ask("GET", "/").field("if-none-match", "\"b\"").send();
            c.ask("GET", "/").field("if-modified-since", DATE).send();
        },
        expect: r#"
            304
            etag: "a"
            last-modified: Sun, 06 Nov 1994 08:49:37 GMT
            304
            etag: "a"
            last-modified: Sun, 06 Nov 1994 08:49:37 GMT
            200
            accept-ranges: bytes
            content-length: 10
            content-type: text/plain; charset=utf-8
            etag: "a"
            last-modified: Sun, 06 Nov 1994 08:49:37 GMT
            "0123456789"
            304
            etag: "a"
            last-modified: Sun, 06 Nov 1994 08:49:37 GMT
        "#,
        ..Case::APP
    },
    Case {
        name: "conditional_get_of_what_has_changed",
        says: "a condition that fails is answered 412, and the connection goes on",
        app: page,
        client: |c| {
            c.ask("GET", "/").field("if-match", "\"b\"").send();
            c.ask("GET", "/")
                .field("if-unmodified-since", "Sun, 06 Nov 1994 08:49:36 GMT")
                .send();
        },
        expect: r#"
            412
            content-length: 0
            etag: "a"
            last-modified: Sun, 06 Nov 1994 08:49:37 GMT
            412
            content-length: 0
            etag: "a"
            last-modified: Sun, 06 Nov 1994 08:49:37 GMT
        "#,
        ..Case::APP
    },
    Case {
        name: "conditional_failures_are_for_no_cache",
        says: "a 412 and a 416 do not say what the 200 says to caches, but a 206 and a 304 do",
        app: |environ, start_response| {
            let kept = app_fn(digits).map_start(|head: &mut Head| {
                let value = HeaderValue::from_static("public, max-age=3600");
                head.append(field::CACHE_CONTROL, value);
                head.append(field::EXPIRES, HeaderValue::from_static(DATE));
            });
            let whole = kept.with((Range::new(), Conditional::new()));
            super::call(whole, environ, start_response)
        },
        client: |c| {
            c.ask("GET", "/").field("if-match", "\"b\"").send();
            c.ask("GET", "/").field("range", "bytes=10-").send();
            c.ask("GET", "/").field("range", "bytes=2-4").send();
            c.ask("GET", "/").field("if-none-match", "\"a\"").send();
        },
        expect: r#"
            412
            content-length: 0
            etag: "a"
            last-modified: Sun, 06 Nov 1994 08:49:37 GMT
            416
            accept-ranges: bytes
            content-length: 0
            content-range: bytes */10
            206
            accept-ranges: bytes
            cache-control: public, max-age=3600
            content-length: 3
            content-range: bytes 2-4/10
            content-type: text/plain; charset=utf-8
            etag: "a"
            expires: Sun, 06 Nov 1994 08:49:37 GMT
            last-modified: Sun, 06 Nov 1994 08:49:37 GMT
            "234"
            304
            cache-control: public, max-age=3600
            etag: "a"
            expires: Sun, 06 Nov 1994 08:49:37 GMT
            last-modified: Sun, 06 Nov 1994 08:49:37 GMT
        "#,
        ..Case::APP
    },
    Case {
        name: "range_is_a_part",
        says: "a part is answered 206, one behind the end 416, and the whole where the part was of another",
        app: page,
        client: |c| {
            c.ask("GET", "/").field("range", "bytes=2-4").send();
            c.ask("GET", "/").field("range", "bytes=10-").send();
            c.ask("GET", "/")
                .field("range", "bytes=2-4")
                .field("if-range", "\"b\"")
                .send();
            c.ask("GET", "/")
                .field("range", "bytes=2-4")
                .field("if-none-match", "\"a\"")
                .send();
        },
        expect: r#"
            206
            accept-ranges: bytes
            content-length: 3
            content-range: bytes 2-4/10
            content-type: text/plain; charset=utf-8
            etag: "a"
            last-modified: Sun, 06 Nov 1994 08:49:37 GMT
            "234"
            416
            accept-ranges: bytes
            content-length: 0
            content-range: bytes */10
            200
            accept-ranges: bytes
            content-length: 10
            content-type: text/plain; charset=utf-8
            etag: "a"
            last-modified: Sun, 06 Nov 1994 08:49:37 GMT
            "0123456789"
            304
            etag: "a"
            last-modified: Sun, 06 Nov 1994 08:49:37 GMT
        "#,
        ..Case::APP
    },
    Case {
        name: "range_of_what_is_far_behind",
        says: "a part that is found behind many blocks is sent, however many there are",
        app: |environ, start_response| {
            let long = app_fn(|_: Environ, start_response: StartResponse| {
                let started = start_response.start(StatusCode::OK).length(4 << 20);
                let block = Bytes::from(vec![b'a'; 64 << 10]);
                started.iter(std::iter::repeat_n(block, 64).map(Ok::<_, Error>))
            });
            super::call(long.with(Range::new()), environ, start_response)
        },
        client: |c| {
            c.ask("GET", "/").field("range", "bytes=-3").send();
        },
        expect: r#"
            206
            accept-ranges: bytes
            content-length: 3
            content-range: bytes 4194301-4194303/4194304
            "aaa"
        "#,
        ..Case::APP
    },
];

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn page(environ: Environ, start_response: StartResponse) -> BoxBody {
    let whole = app_fn(digits).with((Range::new(), Conditional::new()));
    super::call(whole, environ, start_response)
}

fn digits(_: Environ, start_response: StartResponse) -> Full {
    start_response
        .start(StatusCode::OK)
        .header(field::CONTENT_TYPE, media::TEXT_PLAIN)
        .header(field::ETAG, HeaderValue::from_static("\"a\""))
        .header(field::LAST_MODIFIED, HeaderValue::from_static(DATE))
        .full("0123456789")
}
