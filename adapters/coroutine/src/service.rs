//! From hyper's request to a call of the application.

use std::cell::RefCell;
use std::sync::Arc;

use http::header::{CONNECTION, EXPECT, HeaderMap, TE};
use http::request::Parts;
use http::{Method, Request, Response, Version};
use hyper::body::{Body as _, Incoming};
use hyper::service::Service;
use hyper::upgrade::OnUpgrade;
use rgi_core::server::syntax::{is_word, members};
use rgi_core::server::{Exchange, Host, Received, RequestHead, Span};
use rgi_core::{App, Error, Input, rt};
use rgi_tasks::{Hint, Job, Watch};

use crate::answer::{Answer, Silence};
use crate::input::Body;
use crate::line::{Line, Protocol};
use crate::outgoing::{Exchanged, Outgoing};
use crate::rest::Rest;
use crate::streams::Streams;

/// The application, and what exchanges are told, by protocol: the facts differ.
pub(crate) struct Site<A> {
    pub(crate) app: A,
    pub(crate) http1: Arc<Host>,
    pub(crate) http2: Arc<Host>,
}

/// The application, for the requests of one connection.
pub(crate) struct Calls<A: App> {
    site: Arc<Site<A>>,
    line: Arc<Line<A::Body>>,
    /// The right to inform of the last request, on HTTP/1.1.
    hint: RefCell<Arc<Hint>>,
    streams: Option<Streams>,
}

impl<A: App> Calls<A> {
    /// `streams`, on HTTP/2, runs what [`call`](Service::call) gives.
    pub(crate) fn new(
        site: Arc<Site<A>>,
        line: Arc<Line<A::Body>>,
        streams: Option<Streams>,
    ) -> Calls<A> {
        let hint = RefCell::new(Hint::new(line.hints.clone()));
        Calls {
            site,
            line,
            hint,
            streams,
        }
    }

    /// What watches the request that begins; on HTTP/1.1 that is the connection's own.
    fn watch(&self) -> Option<Arc<Watch>> {
        let watch = self.streams.as_ref().map(Streams::next);
        let watched = watch.as_deref().unwrap_or(&self.line.watch);
        watched.begin(&self.line.server);
        watch
    }

    /// Answers without the application. What is wrong may be where the next request begins, so the
    /// connection ends with it.
    #[cold]
    fn refusal(&self, method: Method, version: Version, error: Error) -> Called {
        let mut head = RequestHead::new();
        let nothing = Span::default();
        head.line(method, version, nothing, nothing, None);
        let connection = self.line.connection.clone();
        Called {
            exchange: Exchange::new(head, None, self.host().clone(), connection),
            refusal: Some(error),
            upgrade: None,
            rest: None,
            takes_trailers: false,
            old: version < Version::HTTP_11,
            close: true,
        }
    }

    fn host(&self) -> &Arc<Host> {
        match self.line.protocol() {
            Protocol::Http1 => &self.site.http1,
            Protocol::Http2 => &self.site.http2,
        }
    }

    /// An exchange of what hyper has read, or the refusal of what it should have refused.
    fn exchange(&self, mut parts: Parts, incoming: Incoming) -> Called {
        let line = &self.line;
        let config = &line.server.config;
        let host = self.host();
        let upgrade = parts.extensions.remove::<OnUpgrade>();
        let (method, version) = (parts.method.clone(), parts.version);
        let takes_trailers = version < Version::HTTP_2 || takes_trailers(&parts.headers);
        let has_body = !incoming.is_end_stream();
        let expects = has_body && parts.headers.contains_key(EXPECT);
        let old = version < Version::HTTP_11;
        let close = old && !stays(&parts.headers);
        if line.is_overrun() {
            let error = Error::overloaded("too many requests that the client has left still run");
            return self.refusal(method, version, error);
        }
        let received = match Received::new(parts, &config.limits) {
            Ok(received) => received,
            Err(error) => return self.refusal(method, version, error),
        };
        let (input, rest) = match has_body {
            false => (None, None),
            true => {
                let length = incoming.size_hint().exact();
                let rest = Rest::new(length, expects);
                let clock = line.server.clock.clone();
                let body = Body::new(incoming, rest.clone(), config.body_timeout, clock);
                let input = Input::source(body, length).limit(config.limits.longest_body());
                (Some(input), Some(rest))
            }
        };
        let mut exchange =
            Exchange::new(received.head, input, host.clone(), line.connection.clone());
        if version == Version::HTTP_11 {
            exchange = exchange.informer(Hint::next(&mut self.hint.borrow_mut()));
        }
        let offer = match method {
            _ if upgrade.is_none() || !host.info.upgrade => None,
            Method::CONNECT => Some(None),
            _ if rest.is_none() => received.upgrade.map(Some),
            _ => None,
        };
        let upgrade = upgrade.filter(|_| offer.is_some());
        if let Some(protocols) = offer {
            exchange = exchange.offer(protocols);
        }
        Called {
            exchange,
            refusal: None,
            upgrade,
            rest,
            takes_trailers,
            old,
            close,
        }
    }
}

/// A request on its way to the application, or past it.
struct Called {
    exchange: Exchange,
    refusal: Option<Error>,
    upgrade: Option<OnUpgrade>,
    rest: Option<Arc<Rest>>,
    takes_trailers: bool,
    /// HTTP/1.0.
    old: bool,
    close: bool,
}

/// RFC 9110 10.1.4.
fn takes_trailers(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(TE).into_iter();
    codings
        .flat_map(|value| members(value.as_bytes()))
        .any(|coding| is_word(coding, b"trailers"))
}

/// Whether a client of HTTP/1.0 has asked for the connection to stay (RFC 9112 9.3).
fn stays(headers: &HeaderMap) -> bool {
    let options = headers.get_all(CONNECTION).into_iter();
    options
        .flat_map(|value| members(value.as_bytes()))
        .any(|option| is_word(option, b"keep-alive"))
}

impl<A> Service<Request<Incoming>> for Calls<A>
where
    A: App + Send + Sync + 'static,
    A::Body: Send + 'static,
{
    type Response = Response<Outgoing<A::Body>>;
    type Error = Silence;
    type Future = Answer<A::Body>;

    fn call(&self, request: Request<Incoming>) -> Answer<A::Body> {
        let (parts, incoming) = request.into_parts();
        self.line.begin();
        let mut job = Job::take();
        let watch = self.watch();
        let target = parts.uri.path_and_query().map_or("", |path| path.as_str());
        job.as_mut().name(parts.method.as_str(), target);
        let called = self.exchange(parts, incoming);
        let response = match called.refusal {
            None => rt::parking(false, || called.exchange.call(&self.site.app)),
            Some(error) => called.exchange.refuse(error),
        };
        job.as_mut().begin(response);
        if called.rest.is_some() && watch.is_none() {
            self.line.set_rest(called.rest.clone());
        }
        let exchanged = Exchanged::new(
            self.line.clone(),
            watch,
            job,
            called.rest,
            called.takes_trailers,
        );
        Answer::new(exchanged, called.upgrade, called.old, called.close)
    }
}
