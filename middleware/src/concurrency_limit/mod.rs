//! Bounds the requests that are in an application at once, and sheds the rest.
//!
//! ```
//! use std::time::Duration;
//! use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::ConcurrencyLimit;
//!
//! fn report(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("a long report")
//! }
//!
//! // Four at once; sixteen more may wait for two seconds.
//! let limit = ConcurrencyLimit::new(4).waiting(16, Duration::from_secs(2));
//! let client = testing::Client::new(app_fn(report).with(limit));
//! assert_eq!(client.get("/").send().status(), 200);
//!
//! let closed = testing::Client::new(app_fn(report).with(ConcurrencyLimit::new(0)));
//! let reply = closed.get("/").send();
//! assert_eq!((reply.status(), reply.header("retry-after")), (503, Some("1")));
//! ```

mod body;
mod gate;
mod queue;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use rgi_core::{App, Environ, Error, Middleware, StartResponse};

pub use body::ConcurrencyLimitBody;
use gate::Gate;
pub use queue::{ConcurrencyQueue, ConcurrencyQueueApp, ConcurrencyQueueBody};

/// Why a request is shed at once.
const FULL: &str = "as many requests as may be are under way";

/// Lets so many requests be in an application at once, each from the call until its body is dropped.
///
/// One more is shed: its body ends in an error that
/// [is of that kind](rgi_core::Error::is_overloaded), answered 503 with Retry-After (RFC 9110 15.6.4), and
/// the application is not called. With [`waiting`](Self::waiting) it waits for a place first.
///
/// The places belong to the value: all that is wrapped by it or by its clones shares them, so that one
/// made outside of a factory counts for all workers of a process.
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit {
    gate: Arc<Gate>,
}

impl ConcurrencyLimit {
    /// Lets `most` requests in at once, and sheds others.
    pub fn new(most: usize) -> ConcurrencyLimit {
        ConcurrencyLimit {
            gate: Arc::new(Gate::new(most)),
        }
    }

    /// Lets up to `most` requests wait for a place, each for up to `time`, the first come first. Others
    /// are shed, and so are they when their time is over.
    ///
    /// A server that waits with its thread has that thread wait.
    pub fn waiting(self, most: usize, time: Duration) -> ConcurrencyQueue {
        ConcurrencyQueue {
            gate: self.gate,
            most,
            time,
        }
    }
}

impl<A: App> Middleware<A> for ConcurrencyLimit {
    type App = ConcurrencyLimitApp<A>;

    fn wrap(&self, inner: A) -> ConcurrencyLimitApp<A> {
        ConcurrencyLimitApp {
            inner,
            gate: self.gate.clone(),
        }
    }
}

/// An application that has limited requests at once.
#[derive(Clone, Debug)]
pub struct ConcurrencyLimitApp<A> {
    inner: A,
    gate: Arc<Gate>,
}

impl<A: App> App for ConcurrencyLimitApp<A> {
    type Body = ConcurrencyLimitBody<A::Body>;

    #[inline]
    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        match Gate::enter(&self.gate) {
            Some(place) => {
                ConcurrencyLimitBody::inside(self.inner.call(environ, start_response), place)
            }
            None => ConcurrencyLimitBody::shed(Error::overloaded(FULL)),
        }
    }
}
