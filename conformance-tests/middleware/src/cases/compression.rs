//! Responses that are compressed.

use rgi_conformance::Case;
use rgi_core::{
    AppExt, BoxBody, Environ, Error, Full, HeaderValue, StartResponse, StatusCode, Writer, app_fn,
    async_fn, field, media,
};
use rgi_middleware::{Compression, Conditional, Decompression};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "compression_is_what_the_client_accepts",
        says: "a text is compressed where the client takes it, and says that it depends on that",
        app: |environ, start_response| {
            let texts = app_fn(|_: Environ, start_response: StartResponse| {
                let started = start_response.start(StatusCode::OK);
                let started = started.header(field::CONTENT_TYPE, media::TEXT_PLAIN);
                started.full("ab".repeat(100))
            });
            let short = texts.with(Compression::new().least(100));
            super::call(short, environ, start_response)
        },
        client: |c| {
            c.ask("GET", "/").field("accept-encoding", "br").send();
            c.ask("HEAD", "/").field("accept-encoding", "br").send();
            c.ask("GET", "/").field("accept-encoding", "br;q=0").send();
        },
        expect: r#"
            200
            content-encoding: br
            content-length: 12
            content-type: text/plain; charset=utf-8
            vary: accept-encoding
            "\x15\xc7\x00\x00\xa4\xc2\xc4b\xb20\x00\x02"
            200
            content-encoding: br
            content-type: text/plain; charset=utf-8
            vary: accept-encoding
            200
            content-length: 200
            content-type: text/plain; charset=utf-8
            vary: accept-encoding
            "abababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababab"
        "#,
        ..Case::APP
    },
    Case {
        name: "compression_knows_what_the_client_has",
        says: "a 304 has the tag and the vary of its 200, compressed or not",
        app: |environ, start_response| {
            let tagged = app_fn(|_: Environ, start_response: StartResponse| {
                let started = start_response.start(StatusCode::OK);
                let started = started.header(field::CONTENT_TYPE, media::TEXT_PLAIN);
                let tag = HeaderValue::from_static("\"a\"");
                started.header(field::ETAG, tag).full("ab".repeat(100))
            });
            let layers = (Compression::new().least(100), Conditional::new());
            super::call(tagged.with(layers), environ, start_response)
        },
        client: |c| {
            c.ask("GET", "/").field("accept-encoding", "br").send();
            for (coding, tag) in [("br", "W/\"a\""), ("identity", "\"a\"")] {
                c.ask("GET", "/")
                    .field("accept-encoding", coding)
                    .field("if-none-match", tag)
                    .send();
            }
        },
        expect: r#"
            200
            content-encoding: br
            content-length: 12
            content-type: text/plain; charset=utf-8
            etag: W/"a"
            vary: accept-encoding
            "\x15\xc7\x00\x00\xa4\xc2\xc4b\xb20\x00\x02"
            304
            etag: W/"a"
            vary: accept-encoding
            304
            etag: "a"
            vary: accept-encoding
        "#,
        ..Case::APP
    },
    Case {
        name: "compression_passes_on_what_is_flushed",
        says: "what the application flushed can be read before the rest is there",
        app: |environ, start_response| {
            let slow = app_fn(|environ: Environ, start_response: StartResponse| {
                let timer = environ.timer();
                let started = start_response.start(StatusCode::OK);
                let started = started.header(field::CONTENT_TYPE, media::TEXT_PLAIN);
                started.push(async move |mut writer: Writer| {
                    writer.write("first").await?;
                    writer.flush().await?;
                    timer.sleep(std::time::Duration::from_millis(1)).await;
                    writer.write("second").await
                })
            });
            super::call(slow.with(Compression::new()), environ, start_response)
        },
        client: |c| {
            c.ask("GET", "/").field("accept-encoding", "br").send();
        },
        expect: r#"
            200
            content-encoding: br
            content-type: text/plain; charset=utf-8
            vary: accept-encoding
            "\x05\x02\x80first(\x00\x08second\x03"
        "#,
        ..Case::APP
    },
    Case {
        name: "decompression_is_undone_compression",
        says: "the application sees what was compressed; a bomb is too large, and no coding malformed",
        app: decompressed,
        client: |c| {
            c.ask("POST", "/")
                .field("content-encoding", "br")
                .body(HI)
                .send();
            let pieces = HI.iter().map(|byte| vec![*byte]);
            c.ask("POST", "/")
                .field("content-encoding", "br")
                .pieces(pieces)
                .send();
            let many = &b"\x15\xc7\x00\x00\xa4\xc2\xc4b\xb20\x00\x02"[..];
            c.ask("POST", "/")
                .field("content-encoding", "br")
                .body(many)
                .send();
            c.ask("POST", "/")
                .field("content-encoding", "gzip")
                .body(HI)
                .send();
        },
        expect: r#"
            200
            content-length: 2
            "hi"
            200
            content-length: 2
            "hi"
            413 by the server
            400 by the server
        "#,
        ..Case::APP
    },
    Case {
        name: "decompression_knows_what_it_knows",
        says: "a coding that is not known is answered 415 with those that are",
        app: decompressed,
        client: |c| {
            c.ask("POST", "/")
                .field("content-encoding", "compress")
                .body(HI)
                .send();
        },
        expect: r#"
            415
            accept-encoding: zstd, br, gzip
            content-length: 0
        "#,
        ..Case::APP
    },
];

const HI: &[u8] = b"\x8b\x00\x80hi\x03";

fn decompressed(environ: Environ, start_response: StartResponse) -> BoxBody {
    async fn echo(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
        let body = environ.input().collect(u64::MAX).await?;
        Ok(start_response.start(StatusCode::OK).full(body))
    }
    let echoes = async_fn(echo).with(Decompression::new(100));
    super::call(echoes, environ, start_response)
}
