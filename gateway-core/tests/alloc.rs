//! What is allocated: a warm exchange of one block, nothing.
#![allow(unsafe_code)] // an allocator cannot be written without

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use rgi_core::rt::ThreadClock;
use rgi_core::server::{
    Connection, Exchange, FieldSpan, Framing, Host, Payload, RequestHead, ServerInfo, Span,
};
use rgi_core::*;

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

/// Allocations of this thread while `f` runs.
fn allocations<T>(f: impl FnOnce() -> T) -> (usize, T) {
    let before = ALLOCATIONS.get();
    let value = f();
    (ALLOCATIONS.get() - before, value)
}

const RAW: &[u8] = b"/hello?name=you HTTP/1.1\r\nHost: test.invalid\r\nAccept: */*\r\n";

/// What a server keeps from one request to the next.
struct Server {
    host: Arc<Host>,
    connection: Arc<Connection>,
    fields: Vec<FieldSpan>,
}

impl Server {
    fn new() -> Server {
        let timer = Arc::new(ThreadClock::new());
        Server {
            host: Arc::new(Host::new(ServerInfo::default(), timer)),
            connection: Arc::default(),
            fields: Vec::new(),
        }
    }

    /// One exchange, from the bytes of its head to its end.
    fn exchange<A: App>(&mut self, app: &A) -> usize {
        let span = |text: &str| {
            let mut windows = RAW.windows(text.len());
            let start = windows
                .position(|window| window == text.as_bytes())
                .unwrap() as u32;
            Span {
                start,
                end: start + text.len() as u32,
            }
        };
        self.fields.clear();
        for (name, value) in [("Host", "test.invalid"), ("Accept", "*/*")] {
            self.fields.push(FieldSpan {
                name: span(name),
                value: span(value),
            });
        }
        let mut head = RequestHead::new();
        head.fill(RAW, &mut self.fields);
        let (target, path) = (span("/hello?name=you"), span("/hello"));
        head.line(
            Method::GET,
            Version::HTTP_11,
            target,
            path,
            Some(span("name=you")),
        );

        let exchange = Exchange::new(
            head,
            Input::empty(),
            self.host.clone(),
            self.connection.clone(),
        );
        let mut response = pin!(exchange.call(app));
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(commit) = response.as_mut().poll_head(&mut cx) else {
            panic!("a head")
        };
        assert_eq!(commit.head.status, StatusCode::OK);
        assert_eq!(commit.framing, Framing::Length(14));
        drop(commit);
        let mut bytes = 0;
        while let Poll::Ready(Some(Ok(payload))) = response.as_mut().poll_payload(&mut cx) {
            let Payload::Data(data) = payload else {
                panic!("data")
            };
            bytes += data.len();
        }
        assert!(response.is_end());
        response.finish(Some(End::Sent));
        bytes
    }

    /// Allocations in a thousand exchanges, when it is warm.
    fn thousand<A: App>(&mut self, app: &A) -> usize {
        for _ in 0..10 {
            self.exchange(app);
        }
        let (allocated, bytes) =
            allocations(|| (0..1000).map(|_| self.exchange(app)).sum::<usize>());
        assert_eq!(bytes, 14_000);
        allocated
    }
}

fn hello(environ: Environ, start_response: StartResponse) -> Full {
    assert_eq!(environ.path_info(), "/hello");
    assert_eq!(environ.query(), Some("name=you"));
    assert_eq!(environ.header("host"), Some(&b"test.invalid"[..]));
    start_response
        .start(StatusCode::OK)
        .header(field::CONTENT_TYPE, media::TEXT_PLAIN)
        .full("Hello, World!\n")
}

#[test]
fn the_count_counts() {
    assert_eq!(allocations(|| ()).0, 0);
    assert_eq!(allocations(|| black_box(Box::new(5))).0, 1);
}

#[test]
fn a_warm_exchange_allocates_nothing() {
    assert_eq!(Server::new().thousand(&app_fn(hello)), 0);
}

#[test]
fn neither_do_thin_layers_and_erased_full_bodies() {
    const X: FieldName = FieldName::from_static("x-layer");
    let edit = |head: &mut Head| head.append(X, HeaderValue::from_static("1"));
    let layers = app_fn(hello).map_start(edit).around(|inner, environ, s| {
        let (s, fallback) = s.with_fallback();
        inner
            .call(environ, s)
            .catch_panics()
            .recover(fallback, |fallback, error| {
                fallback.start(StatusCode::BAD_GATEWAY, error).empty()
            })
    });
    assert_eq!(Server::new().thousand(&layers), 0);
    assert_eq!(Server::new().thousand(&app_fn(hello).erased()), 0);
    let lent = app_fn(hello).around(|inner, environ, s| inner.call(environ, s).erased());
    assert_eq!(Server::new().thousand(&lent), 0);
}

#[test]
fn an_async_function_needs_no_box() {
    let app = async_fn(async |environ, s| Ok::<_, Error>(hello(environ, s)));
    assert_eq!(Server::new().thousand(&app), 0);
}

#[test]
fn blocking_in_place_needs_no_box() {
    let mut server = Server::new();
    Arc::get_mut(&mut server.host).unwrap().info.may_block = true;
    assert_eq!(
        server.thousand(&blocking(|environ, s| Ok(hello(environ, s)))),
        0
    );
}

#[test]
fn a_body_is_boxed_once() {
    let mut server = Server::new();
    let mut check = |erase: fn(Started)| {
        let app = app_fn(move |environ: Environ, s: StartResponse| {
            let (inner, fallback) = s.with_fallback();
            erase(inner.start(StatusCode::OK));
            let s = fallback
                .start(StatusCode::OK, Error::new("used up"))
                .recall();
            hello(environ, s)
        });
        assert_eq!(server.exchange(&app), 14);
    };
    check(|started| {
        let full = started.full("abc");
        let (allocated, boxed) = allocations(|| full.erased());
        assert_eq!(allocated, 0, "a full body is kept as it is");
        assert_eq!(allocations(|| boxed.erased()).0, 0);
    });
    check(|started| {
        let chunks = started.iter([Ok::<_, Error>(Bytes::from_static(b"abc"))]);
        let (allocated, boxed) = allocations(|| chunks.erased());
        assert_eq!(allocated, 1);
        assert_eq!(
            allocations(|| boxed.erased()).0,
            0,
            "a box is not boxed again"
        );
    });
    check(|started| {
        let chunks = started.iter([Ok::<_, Error>(Bytes::from_static(b"abc"))]);
        let (allocated, boxed) = allocations(|| chunks.erased_local());
        assert_eq!(allocated, 1);
        assert_eq!(allocations(|| boxed.erased_local()).0, 0);
    });
}
