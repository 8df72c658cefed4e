//! A clock for services whose program gives none: the core's, driven by one thread of the process, which
//! is started when it is first asked for a sleep.

use std::pin::Pin;
use std::sync::OnceLock;
use std::thread;
use std::time::Instant;

use rgi_core::rt::ThreadClock;
use rgi_core::server::Timer;

#[derive(Debug)]
pub(crate) struct ThreadTimer;

impl Timer for ThreadTimer {
    fn sleep_until(&self, at: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        clock().sleep_until(at)
    }
}

fn clock() -> &'static ThreadClock {
    static CLOCK: OnceLock<ThreadClock> = OnceLock::new();
    CLOCK.get_or_init(|| {
        let clock = ThreadClock::new();
        let driven = clock.clone();
        let builder = thread::Builder::new().name("rgi-tower timer".to_owned());
        // Without a thread nobody is woken; the system has no room for one then.
        let _ = builder.spawn(move || driven.block_on(std::future::pending::<()>()));
        clock
    })
}
