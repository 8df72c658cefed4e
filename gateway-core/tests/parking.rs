//! Threads that wait in a way of their server's.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use rgi_core::rt::{self, Park, ThreadClock, Unpark};
use rgi_core::server::Timer;

/// Waits on a channel, and counts how often.
struct Desk {
    bell: Receiver<()>,
    ring: Arc<Bell>,
    waits: Cell<usize>,
}

struct Bell(Mutex<SyncSender<()>>);

impl Desk {
    fn new() -> Rc<Desk> {
        let (ring, bell) = sync_channel(1);
        Rc::new(Desk {
            bell,
            ring: Arc::new(Bell(Mutex::new(ring))),
            waits: Cell::new(0),
        })
    }
}

impl Park for Desk {
    fn park(&self, until: Option<Instant>) {
        self.waits.set(self.waits.get() + 1);
        let _ = match until {
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                self.bell.recv_timeout(left).is_ok()
            }
            None => self.bell.recv().is_ok(),
        };
    }

    fn unparker(&self) -> Arc<dyn Unpark> {
        self.ring.clone()
    }
}

impl Unpark for Bell {
    fn unpark(&self) {
        let rung = self.0.lock().unwrap().try_send(());
        assert!(!matches!(rung, Err(TrySendError::Disconnected(()))));
    }
}

/// Is over when another thread has said so.
fn elsewhere() -> impl Future<Output = ()> {
    let said = Arc::new(AtomicBool::new(false));
    let mut thread = None;
    poll_fn(move |cx| {
        if said.load(Ordering::SeqCst) {
            return Poll::Ready(());
        }
        let (said, waker) = (said.clone(), cx.waker().clone());
        thread.get_or_insert_with(|| {
            thread::spawn(move || {
                said.store(true, Ordering::SeqCst);
                waker.wake();
            })
        });
        Poll::Pending
    })
}

#[test]
fn a_wake_from_another_thread_ends_the_wait() {
    let desk = Desk::new();
    rt::parked_by(desk.clone(), || rt::block_on(elsewhere()));
    let waits = desk.waits.get();
    // Behind it the thread waits as before.
    rt::block_on(elsewhere());
    assert_eq!(desk.waits.get(), waits);
}

#[test]
fn a_wait_within_a_wait_takes_no_wake_from_it() {
    let desk = Desk::new();
    rt::parked_by(desk, || {
        let (mut outer, mut begun) = (std::pin::pin!(elsewhere()), false);
        rt::block_on(poll_fn(|cx| {
            let polled = outer.as_mut().poll(cx);
            if polled.is_pending() && !std::mem::replace(&mut begun, true) {
                rt::block_on(elsewhere());
            }
            polled
        }));
    });
}

#[test]
fn sleeps_of_a_clock_end_in_time() {
    let desk = Desk::new();
    let clock = ThreadClock::new();
    rt::parked_by(desk.clone(), || {
        let sleep = clock.sleep_until(Instant::now() + Duration::from_millis(10));
        clock.block_on(sleep);
    });
    assert!(desk.waits.get() > 0);
}
