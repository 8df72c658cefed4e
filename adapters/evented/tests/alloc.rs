//! A warm connection costs a loop no allocation.

#[path = "wire/server.rs"]
#[allow(dead_code)]
mod server;
#[path = "../../../tests/wire/harness.rs"]
#[allow(dead_code)]
mod wire;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use rgi_core::{Environ, StartResponse, StatusCode, app_fn, field, media};

thread_local! {
    /// Whether this is the loop's thread; found out by the application.
    static COUNTED: Cell<bool> = const { Cell::new(false) };
}

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

fn count() {
    if COUNTED.try_with(Cell::get).unwrap_or(false) {
        ALLOCATIONS.fetch_add(1, Ordering::SeqCst);
    }
}

// SAFETY: all calls go to the system's allocator as they are; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn plain_requests_allocate_nothing_on_the_loop() {
    let server = wire::support::serve(app_fn(|e: Environ, start_response: StartResponse| {
        if !COUNTED.get() {
            COUNTED.set(std::thread::current().name() == Some("rgi-loop-0"));
        }
        assert_eq!(e.path_info(), "/hello");
        start_response
            .start(StatusCode::OK)
            .header(field::CONTENT_TYPE, media::TEXT_PLAIN)
            .full("Hello, World!\n")
    }));
    let mut client = server.connect();
    let mut requests = |n: usize| {
        for _ in 0..n {
            client.send(
                "GET /hello HTTP/1.1\r\nHost: localhost\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n",
            );
            client.reply().assert(200, "Hello, World!\n");
        }
        ALLOCATIONS.load(Ordering::SeqCst)
    };
    let warm = requests(100);
    assert!(
        warm > 0,
        "nothing was counted as the first requests made what later ones use again"
    );
    assert_eq!(requests(1000) - warm, 0, "allocations in 1000 requests");
}
