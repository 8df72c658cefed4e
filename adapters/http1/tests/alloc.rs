//! What is allocated: from the bytes of a plain GET to the bytes of its answer, warm, nothing.
#![allow(unsafe_code)] // an allocator cannot be written without

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use rgi_core::rt::ThreadClock;
use rgi_core::server::{Connection, Exchange, Host, Payload, RequestHead, ServerInfo};
use rgi_core::{App, Bytes, Environ, Full, Input, StartResponse, StatusCode, app_fn, field, media};
use rgi_http1::{FieldSpan, Guard, HeadReader, Limits, Output, Stamp, Turn};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

fn count() {
    let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
}

// SAFETY: every call is handed to the system's allocator as it came; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(ptr, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const GET: &[u8] = b"GET /hello?name=you HTTP/1.1\r\n\
    Host: example.com\r\n\
    User-Agent: test/1.0\r\n\
    Accept: text/html, */*;q=0.8\r\n\
    Accept-Encoding: gzip, br\r\n\
    Cookie: a=1; b=2\r\n\
    Connection: keep-alive\r\n\
    \r\n";

/// What a server keeps from one request to the next.
struct Server {
    host: Arc<Host>,
    connection: Arc<Connection>,
    limits: Limits,
    fields: Vec<FieldSpan>,
    stamp: Stamp,
    now: SystemTime,
    output: Output,
}

impl Server {
    fn new() -> Server {
        let host = Host::new(ServerInfo::default(), Arc::new(ThreadClock::new()));
        Server {
            host: Arc::new(host),
            connection: Arc::default(),
            limits: Limits::default(),
            fields: Vec::new(),
            stamp: Stamp::new("rgi"),
            now: SystemTime::UNIX_EPOCH,
            output: Output::new(),
        }
    }

    /// Serves the request that comes in these pieces; gives the number of bytes that were sent.
    fn serve<A: App>(&mut self, app: &A, ends: &[usize]) -> usize {
        let mut reader = HeadReader::default();
        let mut heads = ends.iter().filter_map(|&end| {
            reader
                .read(&GET[..end], &self.limits, &mut self.fields)
                .expect("a right head")
        });
        let head = heads.next().expect("a whole head");
        let mut turn = Turn::new(&head);
        // A date of its own for each answer.
        self.now += Duration::from_secs(1);
        self.stamp.tick(self.now);
        let mut request = RequestHead::new();
        request.fill(&GET[..head.len], &mut self.fields);
        request.line(
            head.method,
            head.version,
            head.target,
            head.path,
            head.query,
        );
        let exchange = Exchange::new(
            request,
            Input::empty(),
            self.host.clone(),
            self.connection.clone(),
        );
        let mut response = pin!(exchange.call(app));
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(commit) = response.as_mut().poll_head(&mut cx) else {
            panic!("nothing to wait for");
        };
        turn.head(&commit, &self.stamp, &mut self.output);
        while let Poll::Ready(Some(payload)) = response.as_mut().poll_payload(&mut cx) {
            match payload.expect("no cut") {
                Payload::Data(data) => turn.data(data, &mut self.output),
                other => panic!("nothing but data: {other:?}"),
            }
        }
        turn.end(None, &mut self.output);
        response.finish(None);
        let sent = self.output.single().expect("one piece").len();
        self.output.advance(sent);
        sent
    }
}

/// Allocations of this thread in 1000 warm rounds.
fn warm<A: App>(app: A, ends: &[usize]) -> usize {
    let mut server = Server::new();
    for _ in 0..8 {
        server.serve(&app, ends);
    }
    let before = ALLOCATIONS.get();
    for _ in 0..1000 {
        assert!(server.serve(&app, ends) > 100);
    }
    ALLOCATIONS.get() - before
}

fn hello(_: Environ, start_response: StartResponse) -> Full {
    start_response
        .start(StatusCode::OK)
        .header(field::CONTENT_TYPE, media::TEXT_PLAIN)
        .full("Hello, World!\n")
}

#[test]
fn a_request_and_its_answer() {
    assert_eq!(warm(app_fn(hello), &[GET.len()]), 0);
}

#[test]
fn a_request_in_pieces() {
    assert_eq!(
        warm(app_fn(hello), &[1, 20, 100, GET.len() - 1, GET.len()]),
        0
    );
}

#[test]
fn chunks() {
    let app = |_: Environ, start_response: StartResponse| {
        let blocks =
            ["Hello, ", "World!", "\n"].map(|block| Ok::<_, rgi_core::Error>(block.into()));
        start_response
            .start(StatusCode::OK)
            .iter(blocks.into_iter().filter(|_| true))
    };
    assert_eq!(warm(app_fn(app), &[GET.len()]), 0);
}

#[test]
fn a_guard() {
    let before = ALLOCATIONS.get();
    let mut guard = Guard::new();
    for _ in 0..1000 {
        assert_eq!(guard.watch(GET), Ok(GET.len()));
        for piece in GET.chunks(7) {
            assert_eq!(guard.watch(piece), Ok(piece.len()));
        }
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
}

/// The counter counts: a block of the application's own is one allocation a round.
#[test]
fn what_an_application_allocates_is_counted() {
    let app = |_: Environ, start_response: StartResponse| {
        let block = Bytes::from(vec![b'x'; 100].into_boxed_slice());
        start_response.start(StatusCode::OK).full(block)
    };
    assert_eq!(warm(app_fn(app), &[GET.len()]), 1000);
}
