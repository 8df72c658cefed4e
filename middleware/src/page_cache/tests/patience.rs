//! Whose patience ends just when a page comes.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use rgi_core::server::Timer;
use rgi_core::testing::Client;
use rgi_core::{AppExt, BoxBody, Environ, Error, HeaderValue, StartResponse, async_fn, field};

use super::super::{Memory, PageCache};
use super::together::{kept, until};

/// Nobody has waited so long when it is over.
const LONG: Duration = Duration::from_secs(30);

/// A clock by which each sleep is over at once, when it did this, which is told how many were over before.
#[derive(Clone)]
struct Clock(Arc<dyn Fn(usize) + Send + Sync>, Arc<AtomicUsize>);

struct Sleep {
    clock: Clock,
    is_over: bool,
}

impl Timer for Clock {
    fn sleep_until(&self, _: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(Sleep {
            clock: self.clone(),
            is_over: false,
        })
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        assert!(!self.is_over, "a sleep that is over is polled");
        self.is_over = true;
        let Clock(act, over) = &self.clock;
        act(over.fetch_add(1, Ordering::SeqCst));
        Poll::Ready(())
    }
}

/// Which calls may go on, of how many.
#[derive(Default)]
struct Gate {
    made: AtomicUsize,
    open: AtomicUsize,
}

#[test]
fn a_sleep_that_is_over_is_not_polled_again() {
    let gate = Arc::<Gate>::default();
    let calls = gate.clone();
    let app = async_fn(move |environ: Environ, start_response: StartResponse| {
        let (timer, calls) = (environ.timer(), calls.clone());
        async move {
            let call = calls.made.fetch_add(1, Ordering::SeqCst) + 1;
            let begun = Instant::now();
            while calls.open.load(Ordering::SeqCst) < call && begun.elapsed() < LONG {
                timer.sleep(Duration::from_millis(1)).await;
            }
            let varied = HeaderValue::from_static("accept-language");
            let started = kept(start_response, "max-age=60").header(field::VARY, varied);
            Ok::<BoxBody, Error>(started.full(call.to_string()).into())
        }
    });
    let cache = PageCache::new(Memory::new(1 << 20)).patience(LONG);
    let app = app.with(&cache);
    let ask = |language: &str, clock: Option<Clock>| {
        let mut client = Client::new(&app);
        if let Some(clock) = clock {
            client.host_mut().timer = Arc::new(clock);
        }
        let get = client.get("/").header("accept-language", language);
        get.send().text()
    };
    let flights = cache.0.flights.clone();
    let opens = gate.clone();
    let act = move |over: usize| {
        opens.open.store(over + 1, Ordering::SeqCst);
        match over {
            // The page in one language came, and the one who waits for another went for it.
            0 => until(|| opens.made.load(Ordering::SeqCst) == 2),
            _ => until(|| flights.len() == 0),
        }
    };
    let clock = Clock(Arc::new(act), Arc::default());
    thread::scope(|scope| {
        scope.spawn(|| ask("de", None));
        until(|| gate.made.load(Ordering::SeqCst) == 1);
        scope.spawn(|| ask("en", None));
        until(|| cache.0.flights.waiting() == 1);
        assert_eq!(ask("en", Some(clock)), "2");
    });
    assert_eq!(gate.made.load(Ordering::SeqCst), 2);
}
