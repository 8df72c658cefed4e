//! Ends requests that take too long.
//!
//! A server has a time of its own (`--request-timeout`), for all of a program; this one is for a part
//! of it.
//!
//! ```
//! use std::time::Duration;
//! use rgi_core::{AppExt, Environ, Error, Full, StartResponse, StatusCode, async_fn, testing};
//! use rgi_middleware::Timeout;
//!
//! async fn slow(environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
//!     environ.timer().sleep(Duration::from_secs(3600)).await;
//!     Ok(start_response.start(StatusCode::OK).full("at last"))
//! }
//!
//! let client = testing::Client::new(async_fn(slow).with(Timeout::new(Duration::from_millis(5))));
//! assert_eq!(client.get("/").send().status(), 503);
//! ```

mod body;
#[cfg(test)]
mod tests;

use std::time::Duration;

use http::StatusCode;
use rgi_core::{App, Environ, Middleware, StartResponse};

pub use body::TimeoutBody;

/// Gives each request so much time, from the call to the last event of its body.
///
/// Then the body is dropped, and ends in an error that [is of that
/// kind](rgi_core::Error::is_timeout): answered 503 (RFC 9110 15.6.4) where nothing was sent, and cut
/// where something was. Time that a slow client takes counts.
///
/// The clock is the server's. A step that blocks its thread ends first, and what it gives is passed on;
/// of one on a pool nobody waits for the end. A connection that was switched to another protocol has all
/// the time it wants.
#[derive(Clone, Copy, Debug)]
pub struct Timeout {
    time: Duration,
    status: StatusCode,
}

impl Timeout {
    /// Ends requests after `time`.
    pub fn new(time: Duration) -> Timeout {
        Timeout {
            time,
            status: StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Answers with another status: 504 (RFC 9110 15.6.5) for a gateway, whose upstream is slow.
    pub fn status(mut self, status: StatusCode) -> Timeout {
        self.status = status;
        self
    }
}

impl<A: App> Middleware<A> for Timeout {
    type App = TimeoutApp<A>;

    fn wrap(&self, inner: A) -> TimeoutApp<A> {
        TimeoutApp {
            inner,
            settings: *self,
        }
    }
}

/// An application whose requests have limited time.
#[derive(Clone, Copy, Debug)]
pub struct TimeoutApp<A> {
    inner: A,
    settings: Timeout,
}

impl<A: App> App for TimeoutApp<A> {
    type Body = TimeoutBody<A::Body>;

    #[inline]
    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let clock = body::Clock::new(self.settings, environ.timer());
        TimeoutBody::new(self.inner.call(environ, start_response), clock)
    }
}
