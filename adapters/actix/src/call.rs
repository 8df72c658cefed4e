//! From actix-http's request to a call of the application.

use std::sync::Arc;

use actix_http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_http::{BoxedPayloadStream, ConnectionType, Payload, RequestHead};
use http::{Method, Version};
use rgi_core::server::{Config, Connection, Exchange, Host, Line as RequestLine, Received, Span};
use rgi_core::{App, Error, Input, rt};
use rgi_tasks::{Hint, Job};

use crate::answer::{Answer, Manner};
use crate::input::{Feed, body};
use crate::outgoing::Exchanged;
use crate::place::Place;

/// An application, and what its exchanges are told.
pub(crate) struct Site<A> {
    pub(crate) app: A,
    pub(crate) host: Arc<Host>,
    pub(crate) config: Config,
}

impl<A: App> Site<A>
where
    A::Body: 'static,
{
    /// Calls the application. `prepare` adds to the exchange before.
    pub(crate) fn call(
        &self,
        head: &RequestHead,
        payload: Payload<BoxedPayloadStream>,
        place: Place<A::Body>,
        connection: Arc<Connection>,
        prepare: impl FnOnce(Exchange) -> Exchange,
    ) -> Answer<A::Body> {
        let mut job = Job::take();
        let translated = place.line().and_then(|line| line.take_translated());
        let (method, version) = match &translated {
            Some(translated) => (translated.method.clone(), translated.version),
            None => (
                Method::from_bytes(head.method.as_str().as_bytes()).unwrap_or_default(),
                version(head),
            ),
        };
        let old = version < Version::HTTP_11;
        let mut manner = Manner {
            old,
            stays: head.connection_type() == ConnectionType::KeepAlive,
            close: false,
            head: method == Method::HEAD,
        };
        let has_body = has_body(head, &payload);
        if let Some(line) = place.line() {
            line.begin(has_body);
        }
        let received = match translated {
            Some(translated) => Ok(Received {
                head: translated.request,
                upgrade: translated.upgrade,
            }),
            None => received(head, method.clone(), version, &self.config),
        };
        let received = match received {
            Ok(received) => received,
            Err(error) => {
                manner.close = true;
                let target = head.uri.path_and_query().map_or("", |path| path.as_str());
                job.as_mut().name(method.as_str(), target);
                let mut head = rgi_core::server::RequestHead::new();
                let nothing = Span::default();
                head.line(method, version, nothing, nothing, None);
                let exchange = Exchange::new(head, None, self.host.clone(), connection);
                job.as_mut().begin(exchange.refuse(error));
                return Answer::new(Exchanged::new(place, job, None), manner);
            }
        };
        job.as_mut().name(method.as_str(), received.head.target());
        // HTTP/1.1 alone knows interim responses.
        let hint = place.line().filter(|_| !old).map(|line| line.informer());
        let expects = has_body && head.expect();
        let (input, feed) = match has_body {
            false => (None, None),
            true => {
                let welcome = hint.clone().filter(|_| expects);
                let (input, feed) = self.input(head, payload, &place, welcome);
                (Some(input), Some(feed))
            }
        };
        let mut exchange = Exchange::new(received.head, input, self.host.clone(), connection);
        if let Some(hint) = hint {
            exchange = exchange.informer(hint);
        }
        let offer = match method {
            _ if !self.host.info.upgrade => None,
            Method::CONNECT => Some(None),
            _ if !has_body => received.upgrade.map(Some),
            _ => None,
        };
        if let Some(protocols) = offer {
            exchange = exchange.offer(protocols);
        }
        let response = rt::parking(false, || prepare(exchange).call(&self.app));
        job.as_mut().begin(response);
        Answer::new(Exchanged::new(place, job, feed), manner)
    }

    fn input(
        &self,
        head: &RequestHead,
        payload: Payload<BoxedPayloadStream>,
        place: &Place<A::Body>,
        welcome: Option<Arc<Hint>>,
    ) -> (Input, Feed) {
        let length = match head.headers.contains_key(TRANSFER_ENCODING) {
            true => None,
            false => length(head),
        };
        let (feed, body) = body(payload, welcome, self.config.body_timeout, place.clock());
        let input = Input::source(body, length).limit(self.config.limits.longest_body());
        (input, feed)
    }
}

/// actix-http has a payload for what follows a request that may switch protocols, too.
fn has_body(head: &RequestHead, payload: &Payload<BoxedPayloadStream>) -> bool {
    match payload {
        Payload::None => false,
        _ if head.version >= actix_http::Version::HTTP_2 => true,
        _ => head.headers.contains_key(TRANSFER_ENCODING) || length(head).is_some_and(|n| n > 0),
    }
}

fn length(head: &RequestHead) -> Option<u64> {
    let value = head.headers.get(CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

fn version(head: &RequestHead) -> Version {
    match head.version {
        actix_http::Version::HTTP_10 => Version::HTTP_10,
        actix_http::Version::HTTP_2 => Version::HTTP_2,
        _ => Version::HTTP_11,
    }
}

/// The head in the core's words. HTTP/2 has the origin-form's parts, and Host, in pseudo-fields.
fn received(
    head: &RequestHead,
    method: Method,
    version: Version,
    config: &Config,
) -> Result<Received, Error> {
    let uri = &head.uri;
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let pieces = match (uri.scheme_str(), uri.authority()) {
        (None, Some(_)) => [authority, "", "", ""],
        (Some(scheme), Some(_)) if version < Version::HTTP_2 => [scheme, "://", authority, path],
        _ => [path, "", "", ""],
    };
    let line = RequestLine {
        method,
        version,
        target: &pieces,
    };
    let texts = head.headers.iter();
    let texts = texts.map(|(name, value)| (name.as_str(), value.as_bytes()));
    if version >= Version::HTTP_2 && !head.headers.contains_key("host") {
        let host = std::iter::once(("host", authority.as_bytes()));
        return Received::copy(line, texts.chain(host), &config.limits);
    }
    Received::copy(line, texts, &config.limits)
}
