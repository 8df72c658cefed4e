//! What the root costs: no more allocations than the smallest application.
#![allow(unsafe_code)] // an allocator cannot be written without

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use rgi_core::testing::Client;
use rgi_core::{App, Environ, Full, StartResponse, StatusCode, app_fn, field, media};

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

fn hello(_: Environ, start_response: StartResponse) -> Full {
    start_response
        .start(StatusCode::OK)
        .header(field::CONTENT_TYPE, media::TEXT_PLAIN)
        .full("Hello, World!")
}

/// Allocations of a warm request, the client's own among them.
fn allocations(app: impl App) -> usize {
    let client = Client::new(app);
    let ask = || assert_eq!(client.get("/").send().text(), "Hello, World!");
    ask();
    let before = ALLOCATIONS.get();
    ask();
    ALLOCATIONS.get() - before
}

#[test]
fn router_counts_and_name_allocate_nothing() {
    assert_eq!(allocations(testbed::app()), allocations(app_fn(hello)));
}
