//! Bounds how often a client may ask.
//!
//! ```
//! use std::time::Duration;
//! use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::RateLimit;
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("hi")
//! }
//!
//! // Two requests an hour from each address.
//! let limit = RateLimit::new(2, Duration::from_secs(3600));
//! let client = testing::Client::new(app_fn(hello).with(limit));
//! let statuses = [(); 3].map(|()| client.get("/").send().status());
//! assert_eq!(statuses, [200, 200, 429]);
//! ```

mod key;
mod table;
#[cfg(test)]
mod tests;

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use rgi_core::{
    App, BodyExt, EditHead, Either, Environ, FieldName, Full, Head, MapStartBody, Middleware,
    StartResponse, field, media,
};

pub use key::{ByFn, ByPeer, Key};
use table::{Rate, Room, Table};

const RATELIMIT: FieldName = FieldName::from_static("ratelimit");
const RATELIMIT_POLICY: FieldName = FieldName::from_static("ratelimit-policy");

/// Lets each client ask so often, and answers 429 (RFC 6585 4) with Retry-After when it asks more.
///
/// The rate is a bucket (GCRA): full at first, one request takes one out, and it fills evenly. What is
/// kept of a client is 16 bytes, of so many clients ([`clients`](Self::clients)): when there are more,
/// those are forgotten whose buckets are fullest.
///
/// What is kept belongs to the value: all that is wrapped by it or by its clones shares it. Worker
/// processes do not, so that each has a rate of its own.
#[derive(Clone, Debug)]
pub struct RateLimit<K = ByPeer> {
    key: K,
    rate: Rate,
    table: Arc<Table>,
    fields: bool,
}

/// Clients that are kept unless said otherwise.
const CLIENTS: usize = 64 * 1024;

impl RateLimit {
    /// Lets each address ask `requests` times in `period`, all at once or evenly. Of IPv6 an address is
    /// the first 64 bits, which one client has alone. Who comes over a Unix socket has none, and is not
    /// limited.
    ///
    /// # Panics
    ///
    /// If either is zero.
    pub fn new(requests: u32, period: Duration) -> RateLimit {
        RateLimit {
            key: ByPeer(()),
            rate: Rate::new(requests, period),
            table: Arc::new(Table::new(CLIENTS)),
            fields: false,
        }
    }
}

impl<K> RateLimit<K> {
    /// Says by something else who a client is: an account, a key, a part of the path. `None` is not
    /// limited.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use rgi_core::Environ;
    /// # use rgi_middleware::RateLimit;
    /// let limit = RateLimit::new(100, Duration::from_secs(60))
    ///     .by(|environ: &Environ| environ.header("x-api-key").map(<[u8]>::to_vec));
    /// ```
    pub fn by<F, T>(self, f: F) -> RateLimit<ByFn<F>>
    where
        F: Fn(&Environ) -> Option<T>,
        T: Hash,
    {
        RateLimit {
            key: ByFn(f),
            rate: self.rate,
            table: self.table,
            fields: self.fields,
        }
    }

    /// Lets a client ask fewer, or more, times at once than `requests`, at the same rate.
    ///
    /// # Panics
    ///
    /// If `requests` is zero.
    pub fn burst(mut self, requests: u32) -> Self {
        self.rate = self.rate.burst(requests);
        self
    }

    /// Keeps about so many clients, instead of 65536.
    pub fn clients(mut self, most: usize) -> Self {
        self.table = Arc::new(Table::new(most));
        self
    }

    /// Tells clients what they have left, in the fields RateLimit and RateLimit-Policy of the IETF's
    /// draft (draft-ietf-httpapi-ratelimit-headers-10): no standard yet.
    pub fn fields(mut self) -> Self {
        self.fields = true;
        self
    }

    fn tell(&self, room: Room) -> Tell {
        Tell(self.fields.then_some((self.rate, room)))
    }
}

impl<A: App, K: Key + Clone> Middleware<A> for RateLimit<K> {
    type App = RateLimitApp<A, K>;

    fn wrap(&self, inner: A) -> RateLimitApp<A, K> {
        RateLimitApp {
            inner,
            settings: self.clone(),
        }
    }
}

/// An application whose clients may ask so often.
#[derive(Clone, Debug)]
pub struct RateLimitApp<A, K = ByPeer> {
    inner: A,
    settings: RateLimit<K>,
}

impl<A: App, K: Key> App for RateLimitApp<A, K> {
    type Body = MapStartBody<Either<A::Body, Full>, Tell>;

    #[inline]
    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let RateLimit {
            key, rate, table, ..
        } = &self.settings;
        let Some(client) = key.of(&environ, table.names()) else {
            let body = Either::left(self.inner.call(environ, start_response));
            return body.map_start(Tell(None));
        };
        match table.ask(client, rate) {
            Ok(room) => {
                let body = Either::left(self.inner.call(environ, start_response));
                body.map_start(self.settings.tell(room))
            }
            Err(room) => {
                Either::right(refuse(start_response, room)).map_start(self.settings.tell(room))
            }
        }
    }
}

fn refuse(start_response: StartResponse, room: Room) -> Full {
    start_response
        .start(StatusCode::TOO_MANY_REQUESTS)
        .header(field::CONTENT_TYPE, media::TEXT_PLAIN)
        .header(field::RETRY_AFTER, HeaderValue::from(room.seconds()))
        .full("429 Too Many Requests\n")
}

/// Tells a client what it has left, if it shall be told.
#[derive(Debug)]
pub struct Tell(Option<(Rate, Room)>);

impl EditHead for Tell {
    #[inline]
    fn edit(&mut self, head: &mut Head) {
        let Some((rate, room)) = self.0.take() else {
            return;
        };
        let texts = [
            (
                RATELIMIT_POLICY,
                format!("\"default\";q={};w={}", rate.most(), rate.window()),
            ),
            (
                RATELIMIT,
                format!("\"default\";r={};t={}", room.left, room.seconds()),
            ),
        ];
        for (name, text) in texts {
            if let Ok(value) = HeaderValue::try_from(text) {
                head.append(name, value);
            }
        }
    }
}
