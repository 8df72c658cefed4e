use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use rgi_core::testing::{Client, Reply};
use rgi_core::{
    App, AppExt, BodyExt, Bytes, Environ, Error, FieldName, FileRegion, Full, HeaderValue, Method,
    StartResponse, Started, StatusCode, Writer, app_fn, field, media,
};

use super::{Coding, Compression, wanted};
use crate::Conditional;
use crate::coding::Decoder;
use crate::turn::tests::counted;

fn decoded(coding: &str, data: Bytes) -> Vec<u8> {
    let known = Coding::ALL.iter().find(|it| it.is(coding));
    let mut decoder = Decoder::new(*known.expect("a coding")).unwrap();
    decoder.feed(Some(data));
    let mut out = Vec::new();
    let mut chunk = [0; 1000];
    loop {
        match decoder.read(&mut chunk) {
            Ok(0) => return out,
            Ok(read) => out.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return out,
            Err(error) => panic!("{error}"),
        }
    }
}

fn text() -> String {
    (0..900).map(|i| format!("line {i}\n")).collect()
}

fn page(started: Started) -> Started {
    started.header(field::CONTENT_TYPE, media::TEXT_HTML)
}

fn long(_: Environ, start_response: StartResponse) -> Full {
    let tag = HeaderValue::from_static("\"a\"");
    let started = start_response
        .start(StatusCode::OK)
        .header(field::ETAG, tag);
    page(started).full(text())
}

fn get<A: App>(app: A, accept: &str) -> Reply {
    let client = Client::new(app.with(Compression::new()));
    client.get("/").header("accept-encoding", accept).send()
}

#[test]
fn each_coding_is_read_back() {
    for coding in Coding::ALL {
        let reply = get(app_fn(long), coding.name());
        assert_eq!(reply.header("content-encoding"), Some(coding.name()));
        assert_eq!(reply.header("vary"), Some("accept-encoding"));
        assert_eq!(reply.header("etag"), Some("W/\"a\""));
        assert_eq!(reply.head().length(), Some(reply.body().len() as u64));
        assert!(reply.body().len() < text().len() / 2);
        assert_eq!(decoded(coding.name(), reply.body()), text().as_bytes());
    }
}

#[test]
fn the_client_chooses() {
    let choice = |accept: &str| {
        let mut headers = http::HeaderMap::new();
        headers.insert("accept-encoding", accept.parse().unwrap());
        wanted(&headers).map(Coding::name)
    };
    assert_eq!(choice("gzip, br;q=0.5"), Some("gzip"));
    assert_eq!(choice("gzip, br, zstd"), Some("zstd"));
    assert_eq!(choice("*"), Some("zstd"));
    assert_eq!(choice("*;q=0.1, GZIP ; Q=0.2"), Some("gzip"));
    assert_eq!(choice("zstd;q=0, *"), Some("br"));
    assert_eq!(choice("identity, gzip;q=0.5"), None);
    assert_eq!(choice("identity;q=0, gzip;q=0.5"), Some("gzip"));
    assert_eq!(choice("x-gzip"), Some("gzip"));
    for none in ["", "identity", "gzip;q=0", "deflate", "gzip;q=x"] {
        assert_eq!(choice(none), None, "{none}");
    }
}

#[test]
fn what_the_client_does_not_take_says_that_it_could_be() {
    let reply = Client::new(app_fn(long).with(Compression::new()))
        .get("/")
        .send();
    assert_eq!(reply.text(), text());
    assert_eq!(reply.header("vary"), Some("accept-encoding"));
    assert_eq!(reply.header("etag"), Some("\"a\""));
}

#[test]
fn a_head_is_that_of_the_get() {
    let client = Client::new(app_fn(long).with(Compression::new()));
    let reply = client.head("/").header("accept-encoding", "gzip").send();
    assert_eq!(reply.header("content-encoding"), Some("gzip"));
    assert_eq!((reply.head().length(), reply.body().len()), (None, 0));
}

#[test]
fn a_file_is_left_alone_by_every_method() {
    let app = app_fn(|_, s: StartResponse| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text().as_bytes()).unwrap();
        let tag = HeaderValue::from_static("\"a\"");
        let started = page(s.start(StatusCode::OK)).header(field::ETAG, tag);
        started.file(FileRegion::whole(file).unwrap())
    });
    let client = Client::new(app.with(Compression::new()));
    for accept in ["gzip", "identity"] {
        for method in [Method::GET, Method::HEAD] {
            let reply = client
                .request(method, "/")
                .header("accept-encoding", accept)
                .send();
            assert_eq!(reply.header("content-encoding"), None);
            assert_eq!(reply.header("vary"), None);
            assert_eq!(reply.header("etag"), Some("\"a\""));
            assert_eq!(reply.head().length(), Some(text().len() as u64));
        }
    }
}

#[test]
fn a_file_that_is_read_on_its_way_is_compressed() {
    let app = app_fn(|_, s: StartResponse| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text().as_bytes()).unwrap();
        let body = page(s.start(StatusCode::OK)).file(FileRegion::whole(file).unwrap());
        body.map_data(Ok)
    });
    let reply = get(app, "gzip");
    assert_eq!(reply.header("content-encoding"), Some("gzip"));
    assert_eq!(decoded("gzip", reply.body()), text().as_bytes());
}

/// What is known with the body alone may be left out of a HEAD (RFC 9110 9.3.2); the tag is known.
#[test]
fn a_head_of_unknown_length_has_the_tag_of_the_get() {
    let app = app_fn(|_, s: StartResponse| {
        let tag = HeaderValue::from_static("\"a\"");
        let started = page(s.start(StatusCode::OK)).header(field::ETAG, tag);
        started.iter([text(), text()].map(|text| Ok::<_, Error>(text.into())))
    });
    let client = Client::new(app.with(Compression::new()));
    for (accept, tag) in [("gzip", "W/\"a\""), ("identity", "\"a\"")] {
        for method in [Method::GET, Method::HEAD] {
            let reply = client
                .request(method, "/")
                .header("accept-encoding", accept)
                .send();
            assert_eq!(reply.header("etag"), Some(tag));
            assert_eq!(reply.header("vary"), Some("accept-encoding"));
        }
    }
}

/// RFC 9110 15.4.5: it is by the tag that a client knows which of what it has is meant.
#[test]
fn what_has_not_changed_is_told_as_it_was() {
    let client = Client::new(app_fn(long).with((Compression::new(), Conditional::new())));
    for (accept, tag) in [("gzip", "W/\"a\""), ("identity", "\"a\"")] {
        for method in [Method::GET, Method::HEAD] {
            let ask = |named| {
                let ask = client.request(method.clone(), "/");
                ask.header("accept-encoding", accept)
                    .header("if-none-match", named)
                    .send()
            };
            let first = ask("\"b\"");
            assert_eq!((first.status(), first.header("etag")), (200, Some(tag)));
            let again = ask(tag);
            assert_eq!((again.status(), again.header("etag")), (304, Some(tag)));
            assert_eq!(again.header("vary"), Some("accept-encoding"));
        }
    }
    // The client has what was not compressed.
    let ask = client.get("/").header("accept-encoding", "gzip");
    let reply = ask.header("if-none-match", "\"a\"").send();
    assert_eq!((reply.status(), reply.header("etag")), (304, Some("\"a\"")));
    let picture = app_fn(|_, s: StartResponse| {
        let started = s.start(StatusCode::NOT_MODIFIED);
        let value = HeaderValue::from_static("image/png");
        started.header(field::CONTENT_TYPE, value).empty()
    });
    assert_eq!(get(picture, "gzip").header("vary"), None);
}

#[test]
fn some_are_left_alone() {
    let all: [fn(Started) -> Started; 7] = [
        |it| it.header(field::CONTENT_TYPE, HeaderValue::from_static("image/png")),
        |it| it,
        |it| page(it).header(field::CONTENT_ENCODING, HeaderValue::from_static("x")),
        |it| {
            page(it).header(
                field::CONTENT_RANGE,
                HeaderValue::from_static("bytes 0-1/2"),
            )
        },
        |it| {
            let value = HeaderValue::from_static("max-age=1, no-transform");
            page(it).header(field::CACHE_CONTROL, value)
        },
        |it| {
            let digest = FieldName::from_static("repr-digest");
            page(it).header(digest, HeaderValue::from_static("x"))
        },
        |mut it| {
            it.head_mut().status = StatusCode::PARTIAL_CONTENT;
            page(it)
        },
    ];
    for (at, start) in all.into_iter().enumerate() {
        let app = app_fn(move |_, s: StartResponse| start(s.start(StatusCode::OK)).full(text()));
        let reply = get(app, "gzip");
        assert_eq!(reply.text(), text(), "{at}");
        assert_eq!(reply.header("vary"), None, "{at}");
    }
    let short = app_fn(|_, s: StartResponse| page(s.start(StatusCode::OK)).full("short"));
    assert_eq!(get(short, "gzip").text(), "short");
}

#[test]
fn what_is_flushed_can_be_read() {
    for coding in Coding::ALL {
        let app = app_fn(|_, s: StartResponse| {
            page(s.start(StatusCode::OK)).push(async |mut writer: Writer| {
                writer.write("first").await?;
                writer.flush().await?;
                writer.write("second").await?;
                Ok::<(), Error>(())
            })
        });
        let reply = get(app, coding.name());
        assert_eq!(decoded(coding.name(), reply.chunks()[0].clone()), b"first");
        assert_eq!(decoded(coding.name(), reply.body()), b"firstsecond");
    }
}

#[test]
fn events_go_out_one_by_one() {
    for begins_with_flush in [false, true] {
        let app = app_fn(move |_, s: StartResponse| {
            let started = s.start(StatusCode::OK);
            let events = HeaderValue::from_static("text/event-stream");
            let started = started.header(field::CONTENT_TYPE, events);
            started.push(async move |mut writer: Writer| {
                if begins_with_flush {
                    writer.flush().await?;
                }
                writer.write("data: 1\n\n").await?;
                writer.write("data: 2\n\n").await
            })
        });
        let reply = get(app, "gzip");
        assert_eq!(decoded("gzip", reply.chunks()[0].clone()), b"data: 1\n\n");
        assert_eq!(decoded("gzip", reply.body()), b"data: 1\n\ndata: 2\n\n");
    }
}

/// A body that promises 5000 bytes, and breaks its promise or does not.
fn promised(blocks: &'static [usize]) -> impl App {
    app_fn(move |_, s: StartResponse| {
        let mut blocks = blocks.iter();
        page(s.start(StatusCode::OK))
            .length(5000)
            .stream(Script(Box::new(move |_| {
                let block = blocks.next().map(|bytes| Ok(vec![b'a'; *bytes].into()));
                Poll::Ready(block)
            })))
    })
}

#[test]
fn at_the_promised_length_the_body_is_asked_no_more() {
    let app = app_fn(|_, s: StartResponse| {
        let mut blocks = [2000, 3000].into_iter();
        page(s.start(StatusCode::OK))
            .length(5000)
            .stream(Script(Box::new(move |_| {
                let bytes = blocks.next().expect("nobody asks behind the length");
                Poll::Ready(Some(Ok(vec![b'a'; bytes].into())))
            })))
    });
    for coding in Coding::ALL {
        let reply = get(app, coding.name());
        assert_eq!(decoded(coding.name(), reply.body()).len(), 5000);
        assert!(!reply.was_cut());
    }
}

#[test]
fn a_broken_promise_is_no_whole_response() {
    // Nothing of these had come out yet.
    for blocks in [&[2000, 1000][..], &[4999, 2], &[5001]] {
        assert_eq!(get(promised(blocks), "gzip").status(), 500, "{blocks:?}");
    }
    for more in ["short", &"long".repeat(2000)] {
        let more = more.to_owned();
        let app = app_fn(move |_, s: StartResponse| {
            let more = more.clone();
            page(s.start(StatusCode::OK))
                .length(5000)
                .push(async move |mut writer: Writer| {
                    writer.write("first").await?;
                    writer.flush().await?;
                    writer.write(more).await
                })
        });
        let reply = get(app, "gzip");
        assert_eq!((reply.status(), reply.was_cut()), (200, true));
        assert_eq!(decoded("gzip", reply.body()), b"first");
    }
    let short = app_fn(|_, s: StartResponse| {
        let mut body = page(s.start(StatusCode::OK)).full(text());
        let head = body.started().expect("a start").head_mut();
        head.set_length(Some(text().len() as u64 + 1));
        body
    });
    assert_eq!(get(short, "gzip").status(), 500);
}

/// 4 MiB of which less than a block comes out.
#[test]
fn what_does_not_come_out_takes_turns() {
    let turns = Arc::default();
    let app = app_fn(|_, s: StartResponse| {
        let zeros = Bytes::from(vec![0; 64 * 1024]);
        page(s.start(StatusCode::OK)).iter(std::iter::repeat_n(zeros, 64).map(Ok::<_, Error>))
    });
    let app = counted(app.with(Compression::new()), &turns);
    let client = Client::new(app);
    let reply = client.get("/").header("accept-encoding", "gzip").send();
    assert_eq!(decoded("gzip", reply.body()).len(), 4 << 20);
    let turns = turns.load(Ordering::Relaxed);
    assert!((5..16).contains(&turns), "{turns}");
}

#[test]
fn what_waits_lets_out_what_there_is() {
    for coding in Coding::ALL {
        let app = app_fn(|_, s: StartResponse| {
            let mut left = [Some("second"), None, Some("first")].to_vec();
            let chunks = std::iter::from_fn(move || left.pop());
            let mut chunks = chunks.fuse();
            page(s.start(StatusCode::OK)).stream(Script(Box::new(move |cx| match chunks.next() {
                Some(None) => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
                Some(Some(text)) => Poll::Ready(Some(Ok(text.into()))),
                None => Poll::Ready(None),
            })))
        });
        let reply = get(app, coding.name());
        assert_eq!(decoded(coding.name(), reply.chunks()[0].clone()), b"first");
        assert_eq!(decoded(coding.name(), reply.body()), b"firstsecond");
    }
}

type Step = dyn FnMut(&mut std::task::Context<'_>) -> Poll<Option<Result<Bytes, Error>>> + Send;

struct Script(Box<Step>);

impl rgi_core::Stream for Script {
    type Item = Result<Bytes, Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<Option<Self::Item>> {
        (self.0)(cx)
    }
}
