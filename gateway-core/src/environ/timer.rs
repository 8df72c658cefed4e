//! The server's clock.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::server;

/// The server's own clock: an application that waits needs no runtime.
///
/// ```
/// # use rgi_core::*;
/// # use std::time::Duration;
/// async fn slow(environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
///     environ.timer().sleep(Duration::from_millis(5)).await;
///     Ok(start_response.start(StatusCode::OK).full("at last"))
/// }
/// assert_eq!(testing::Client::new(async_fn(slow)).get("/").send().text(), "at last");
/// ```
#[derive(Clone)]
pub struct Timer(Arc<dyn server::Timer>);

impl Timer {
    pub(crate) fn new(timer: Arc<dyn server::Timer>) -> Timer {
        Timer(timer)
    }

    /// Waits for a time.
    pub fn sleep(&self, time: Duration) -> Sleep {
        // A time beyond what the clock can say is as good as never.
        let far = Duration::from_secs(60 * 60 * 24 * 365 * 30);
        self.sleep_until(Instant::now() + time.min(far))
    }

    /// Waits until a moment.
    pub fn sleep_until(&self, at: Instant) -> Sleep {
        Sleep(self.0.sleep_until(at))
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Timer")
    }
}

/// The future of [`Timer::sleep`]. `Send`.
#[must_use = "a future does nothing until it is awaited"]
pub struct Sleep(Pin<Box<dyn Future<Output = ()> + Send>>);

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sleep")
    }
}
