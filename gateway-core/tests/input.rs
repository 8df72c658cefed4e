//! The request's body.

mod common;

use std::io::{BufRead, ErrorKind, Read};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use common::*;
use rgi_core::rt;
use rgi_core::server::InputSource;
use rgi_core::testing::Client;
use rgi_core::*;

/// A source of blocks, and how often it was asked.
struct Source {
    steps: std::vec::IntoIter<Option<Result<&'static str, Error>>>,
    polls: Arc<AtomicUsize>,
}

impl Stream for Source {
    type Item = Result<Bytes, Error>;
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.polls.fetch_add(1, Ordering::SeqCst);
        match self.steps.next() {
            Some(Some(step)) => Poll::Ready(Some(step.map(Bytes::from))),
            Some(None) => Poll::Pending,
            None => Poll::Ready(None),
        }
    }
}

impl InputSource for Source {
    fn trailers(self: Pin<&mut Self>) -> Option<Box<HeaderMap>> {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("1"));
        Some(Box::new(trailers))
    }
}

fn streamed(
    steps: Vec<Option<Result<&'static str, Error>>>,
    length: Option<u64>,
) -> (Input, Arc<AtomicUsize>) {
    let polls: Arc<AtomicUsize> = Arc::default();
    let source = Source {
        steps: steps.into_iter(),
        polls: polls.clone(),
    };
    (Input::source(source, length), polls)
}

fn blocks(blocks: &[&'static str]) -> Input {
    streamed(blocks.iter().map(|block| Some(Ok(*block))).collect(), None).0
}

fn next(input: &mut Input) -> Poll<Option<Result<Bytes, Error>>> {
    input.poll_chunk(&mut Context::from_waker(Waker::noop()))
}

fn text(input: &mut Input) -> String {
    match next(input) {
        Poll::Pending => "pending".into(),
        Poll::Ready(None) => "end".into(),
        Poll::Ready(Some(Err(error))) => error.to_string(),
        Poll::Ready(Some(Ok(chunk))) => String::from_utf8(chunk.into()).unwrap(),
    }
}

fn collected(input: &mut Input, limit: u64) -> Result<Bytes, Error> {
    match pin!(input.collect(limit)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("pending"),
    }
}

#[test]
fn no_body_is_an_end() {
    let mut input = Input::empty();
    assert!(input.is_end());
    assert_eq!(input.length(), Some(0));
    assert_eq!([text(&mut input), text(&mut input)], ["end", "end"]);
    assert_eq!(input.size_hint(), (0, Some(0)));
    assert!(Input::whole(Bytes::new()).is_end());
}

#[test]
fn a_whole_body_is_one_block() {
    let mut input = Input::whole("abc".into());
    assert!(!input.is_end());
    assert_eq!((input.length(), input.consumed()), (Some(3), 0));
    assert_eq!(input.size_hint(), (1, Some(1)));
    assert_eq!([text(&mut input), text(&mut input)], ["abc", "end"]);
    assert_eq!(input.consumed(), 3);
    assert!(input.is_end());
}

#[test]
fn a_streamed_body_is_read_as_it_is_asked_for() {
    let (mut input, polls) = streamed(vec![Some(Ok("a")), None, Some(Ok("")), Some(Ok("b"))], None);
    assert_eq!(polls.load(Ordering::SeqCst), 0);
    assert_eq!(input.trailers(), None);
    assert_eq!(text(&mut input), "a");
    assert_eq!(polls.load(Ordering::SeqCst), 1);
    assert_eq!(text(&mut input), "pending");
    assert_eq!(text(&mut input), "b", "empty blocks have no meaning");
    assert!(!input.is_end());
    assert_eq!([text(&mut input), text(&mut input)], ["end", "end"]);
    assert_eq!(
        polls.load(Ordering::SeqCst),
        5,
        "the end is not asked for again"
    );
    assert_eq!(input.trailers().unwrap()["x-sum"], "1");
    assert_eq!(input.consumed(), 2);
}

#[test]
fn an_error_stays() {
    let (mut input, polls) = streamed(
        vec![Some(Ok("a")), Some(Err(Error::malformed("bad")))],
        None,
    );
    assert_eq!(text(&mut input), "a");
    for _ in 0..3 {
        let Poll::Ready(Some(Err(error))) = next(&mut input) else {
            panic!("an error")
        };
        assert!(error.is_malformed());
        assert_eq!(error.to_string(), "malformed request: bad");
    }
    assert_eq!(
        input.reader().read(&mut [0]).unwrap_err().kind(),
        ErrorKind::InvalidData
    );
    assert!(collected(&mut input, 10).unwrap_err().is_malformed());
    assert_eq!(polls.load(Ordering::SeqCst), 2);
    assert!(!input.is_end());
}

// ---- limits

#[test]
fn reads_past_a_limit_are_too_large() {
    let mut input = blocks(&["abc", "de", "f"]).limit(5);
    assert_eq!([text(&mut input), text(&mut input)], ["abc", "de"]);
    for _ in 0..2 {
        let Poll::Ready(Some(Err(error))) = next(&mut input) else {
            panic!("an error")
        };
        assert_eq!(error.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert_eq!(input.consumed(), 5, "what was not given out was not taken");

    let mut input = Input::whole("abc".into()).limit(2);
    assert!(matches!(next(&mut input), Poll::Ready(Some(Err(error))) if error.is_too_large()));
    let mut input = Input::whole("abc".into()).limit(3);
    assert_eq!([text(&mut input), text(&mut input)], ["abc", "end"]);
    // The lower of two holds.
    let mut input = blocks(&["abc"]).limit(2).limit(9);
    assert!(matches!(next(&mut input), Poll::Ready(Some(Err(error))) if error.is_too_large()));
}

#[test]
fn a_length_beyond_the_limit_is_refused_unread() {
    let (input, polls) = streamed(vec![Some(Ok("abc"))], Some(3));
    let mut input = input.limit(2);
    assert!(matches!(next(&mut input), Poll::Ready(Some(Err(error))) if error.is_too_large()));
    assert_eq!(
        polls.load(Ordering::SeqCst),
        0,
        "no client is told to continue"
    );

    let (mut input, polls) = streamed(vec![Some(Ok("abc"))], Some(3));
    assert!(collected(&mut input, 2).unwrap_err().is_too_large());
    assert_eq!(polls.load(Ordering::SeqCst), 0);
    assert_eq!(collected(&mut input, 3).unwrap(), "abc");
}

#[test]
fn a_limit_answers_413() {
    async fn upload(mut environ: Environ, s: StartResponse) -> Result<Full, Error> {
        environ.map_input(|input| input.limit(4));
        let body = environ.input().collect(100).await?;
        Ok(s.start(StatusCode::OK).full(body))
    }
    let client = Client::new(async_fn(upload));
    assert_eq!(client.post("/").body("abcd").send().text(), "abcd");
    assert_eq!(client.post("/").body("abcde").send().status(), 413);
    assert_eq!(client.post("/").chunks(["abc", "de"]).send().status(), 413);
}

// ---- collect

#[test]
fn one_block_is_collected_without_a_copy() {
    let block = Bytes::from(b"abc".to_vec());
    let collected_one = collected(&mut Input::whole(block.clone()), 3).unwrap();
    assert_eq!(collected_one.as_ptr(), block.as_ptr());
    assert_eq!(
        collected(&mut blocks(&["ab", "c", "d"]), 4).unwrap(),
        "abcd"
    );
    assert_eq!(collected(&mut Input::empty(), 0).unwrap(), "");
}

#[test]
fn collect_takes_what_is_left() {
    let (mut input, _) = streamed(vec![Some(Ok("abc")), Some(Ok("de"))], Some(5));
    assert_eq!(text(&mut input), "abc");
    assert_eq!(collected(&mut input, 2).unwrap(), "de");
}

#[test]
fn collect_is_bounded() {
    assert!(
        collected(&mut blocks(&["ab", "c"]), 2)
            .unwrap_err()
            .is_too_large()
    );
    assert!(
        collected(&mut blocks(&["abc"]), 2)
            .unwrap_err()
            .is_too_large()
    );
}

#[test]
fn collect_waits() {
    let (mut input, _) = streamed(vec![Some(Ok("a")), None, Some(Ok("b")), None], Some(2));
    let mut collect = pin!(input.collect(2));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(collect.as_mut().poll(&mut cx).is_pending());
    assert!(collect.as_mut().poll(&mut cx).is_pending());
    let Poll::Ready(Ok(body)) = collect.as_mut().poll(&mut cx) else {
        panic!("the body")
    };
    assert_eq!(body, "ab");
}

// ---- reader

#[test]
fn a_reader_reads_bytes_and_lines() {
    let mut input = blocks(&["first li", "ne\nsecond", " line\nrest"]);
    let mut line = String::new();
    input.reader().read_line(&mut line).unwrap();
    assert_eq!(line, "first line\n");
    assert_eq!(input.consumed(), 11);
    let mut two = [0; 2];
    input.reader().read_exact(&mut two).unwrap();
    assert_eq!(&two, b"se");
    // What a reader has not taken is there for the others.
    assert_eq!(text(&mut input), "cond");
    let mut rest = String::new();
    input.reader().read_to_string(&mut rest).unwrap();
    assert_eq!(rest, " line\nrest");
    assert_eq!(input.reader().read(&mut two).unwrap(), 0);
    assert_eq!(input.reader().read(&mut []).unwrap(), 0);
}

#[test]
fn a_reader_is_bound_by_the_limit() {
    let mut input = blocks(&["abc", "def"]).limit(4);
    let mut text = Vec::new();
    let error = input.reader().read_to_end(&mut text).unwrap_err();
    assert_eq!(text, b"abc");
    assert_eq!(Error::from(error).status(), StatusCode::PAYLOAD_TOO_LARGE);
    let again = input.reader().fill_buf().map(<[u8]>::len);
    assert_eq!(
        Error::from(again.unwrap_err()).status(),
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(input.consumed(), 3);
}

#[test]
fn a_reader_on_a_thread_that_may_not_wait_names_the_lift() {
    let (mut input, _) = streamed(vec![Some(Ok("a")), None, Some(Ok("b"))], None);
    rt::parking(false, || {
        let mut buf = [0; 8];
        assert_eq!(
            input.reader().read(&mut buf).unwrap(),
            1,
            "what is there is read"
        );
        let error = input.reader().read(&mut buf).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert!(error.to_string().contains("rgi_core::blocking"), "{error}");
        assert_eq!(
            input.reader().read(&mut buf).unwrap(),
            1,
            "and nothing is lost"
        );
    });
}

#[test]
fn errors_of_the_reader_keep_their_status() {
    let app = blocking(|mut environ: Environ, s: StartResponse| {
        let mut text = String::new();
        environ.input().reader().read_to_string(&mut text)?;
        Ok(s.start(StatusCode::OK).full(text))
    });
    let client = Client::new(app);
    let status = |error: Error| client.post("/").chunks(["a"]).break_off(error).send();
    assert_eq!(status(Error::malformed("x")).status(), 400);
    assert_eq!(
        status(Error::timeout("x").with_status(StatusCode::REQUEST_TIMEOUT)).status(),
        408
    );
    let gone = status(Error::disconnected());
    assert!(gone.outcome().error.as_ref().unwrap().is_disconnected());
}

// ---- streams of others

#[test]
fn a_middleware_may_make_the_body() {
    struct Shout(Input);
    impl Stream for Shout {
        type Item = Result<Bytes, Error>;
        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let polled = self.0.poll_chunk(cx);
            polled.map_ok(|chunk| chunk.to_ascii_uppercase().into())
        }
    }
    async fn echo(mut environ: Environ, s: StartResponse) -> Result<Full, Error> {
        let body = environ.input().collect(100).await?;
        Ok(s.start(StatusCode::OK).full(body))
    }
    let app = async_fn(echo).around(|inner, mut environ, s| {
        environ.map_input(|input| {
            let length = input.length();
            Input::stream(Shout(input), length)
        });
        inner.call(environ, s)
    });
    assert_eq!(
        Client::new(app).post("/").chunks(["ab", "c"]).send().text(),
        "ABC"
    );
}

#[test]
fn trailers_are_there_behind_the_end() {
    async fn sum(mut environ: Environ, s: StartResponse) -> Result<Full, Error> {
        assert!(environ.input().trailers().is_none());
        environ.input().collect(100).await?;
        let sum = environ
            .input()
            .trailers()
            .map(|fields| fields["x-sum"].clone());
        Ok(s.start(StatusCode::OK)
            .full(sum.unwrap().as_bytes().to_vec()))
    }
    let mut fields = HeaderMap::new();
    fields.insert("x-sum", HeaderValue::from_static("42"));
    let client = Client::new(async_fn(sum));
    assert_eq!(
        client
            .post("/")
            .chunks(["a"])
            .trailers(fields)
            .send()
            .text(),
        "42"
    );
}

#[test]
fn an_input_that_is_taken_leaves_none() {
    let app = app_fn(|mut environ: Environ, s: StartResponse| {
        assert_eq!(environ.input().length(), Some(3));
        let input = environ.take_input();
        assert!(environ.input().is_end());
        s.start(StatusCode::OK).stream(input)
    });
    let reply = Client::new(app).post("/").body("abc").send();
    assert_eq!(reply.text(), "abc");
    let debug = format!("{:?}", tokens(exchange(Method::GET, "/")).0.take_input());
    assert!(debug.contains("consumed: 0"), "{debug}");
}

#[test]
fn the_test_client_has_each_piece_waited_for() {
    let app = async_fn(
        async |mut environ: Environ, start_response: StartResponse| {
            let host = environ.header("host").unwrap_or_default().to_vec();
            let input = environ.input();
            // Each of two pieces, and the end behind them, is asked for twice.
            let mut pending = 0;
            let body = std::future::poll_fn(|cx| {
                loop {
                    match input.poll_chunk(cx) {
                        Poll::Pending => {
                            pending += 1;
                            return Poll::Pending;
                        }
                        Poll::Ready(Some(block)) => assert!(!block.unwrap().is_empty()),
                        Poll::Ready(None) => return Poll::Ready(pending),
                    }
                }
            });
            let pending = body.await;
            let told = format!("{pending} {}", String::from_utf8_lossy(&host));
            Ok(start_response.start(StatusCode::OK).full(told))
        },
    );
    let client = Client::new(app);
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("shop.example"));
    let request = client.post("/").headers(headers).chunks(["a", "b"]);
    assert_eq!(request.slowly().send().text(), "3 shop.example");
    let request = client.post("/").chunks(["a", "b"]);
    assert_eq!(request.send().text(), "0 test.invalid");
}
