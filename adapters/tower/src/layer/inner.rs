//! The application behind a layer, and what it answers.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body as HttpBody;
use rgi_core::{App, Body, Environ, Error, Event, Hold, StartResponse, Started};
use tower_service::Service;

use super::body::InnerBody;
use super::shared::{Carried, Shared, lock};
use crate::told::untell;
use crate::{BoxError, source};

/// The application behind a layer, as the layer's service.
pub struct Inner<A>(pub(super) Arc<A>);

impl<A> Clone for Inner<A> {
    fn clone(&self) -> Inner<A> {
        Inner(self.0.clone())
    }
}

impl<A> fmt::Debug for Inner<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inner")
    }
}

impl<A, B> Service<Request<B>> for Inner<A>
where
    A: App,
    B: HttpBody + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<InnerBody<A::Body>>;
    type Error = BoxError;
    type Future = Opening<A::Body>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Opening<A::Body> {
        Opening(match enter(request) {
            Ok((environ, start_response, shared)) => {
                let body = Box::pin(self.0.call(environ, start_response));
                Some(Ok((body, Hold::default(), shared)))
            }
            Err(error) => Some(Err(error)),
        })
    }
}

/// The environ of before the layer, with what the layer has made of the request.
fn enter<B>(request: Request<B>) -> Result<(Environ, StartResponse, Shared), Error>
where
    B: HttpBody + Send + 'static,
    B::Error: Into<BoxError>,
{
    let (mut parts, body) = request.into_parts();
    let Some(Carried(shared)) = parts.extensions.remove::<Carried>() else {
        return Err(Error::misuse("a layer called with a request of its own"));
    };
    let mut slot = lock(&shared);
    let taken = (slot.environ.take(), slot.start_response.take());
    let (Some(mut environ), Some(start_response)) = taken else {
        return Err(Error::misuse("a layer called twice for one request"));
    };
    drop(slot);
    untell(&mut parts.extensions);
    environ.set_method(parts.method);
    *environ.headers_mut() = parts.headers;
    if *environ.uri() != parts.uri {
        environ.set_target(&parts.uri.to_string())?;
    }
    *environ.extensions_mut() = parts.extensions;
    environ.map_input(|_| source::input(body).unwrap_or_default());
    Ok((environ, start_response, shared))
}

type Opened<B> = (Pin<Box<B>>, Hold, Shared);

/// The response of an application behind a layer, until its head is there.
#[must_use = "a future does nothing until it is awaited"]
pub struct Opening<B>(Option<Result<Opened<B>, Error>>);

impl<B> fmt::Debug for Opening<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening")
    }
}

impl<B: Body> Future for Opening<B> {
    type Output = Result<Response<InnerBody<B>>, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Some(Ok((body, hold, _))) = &mut this.0 {
            let opened = ready!(hold.poll_open(body.as_mut(), cx));
            let Some(Ok((body, hold, shared))) = this.0.take() else {
                return Poll::Pending;
            };
            let (started, first) = opened?;
            return Poll::Ready(Ok(respond(started, first, body, hold, shared)));
        }
        match this.0.take() {
            Some(Err(error)) => Poll::Ready(Err(error.into())),
            _ => Poll::Pending,
        }
    }
}

fn respond<B: Body>(
    mut started: Started,
    first: Option<Event>,
    body: Pin<Box<B>>,
    hold: Hold,
    shared: Shared,
) -> Response<InnerBody<B>> {
    let head = started.head_mut();
    let status = head.status;
    // A switch of protocols has none.
    let switches = matches!(first, Some(Event::Upgrade(_)));
    let length = head.length().filter(|_| !switches);
    let mut headers = head.take_header_map();
    head.set_length(None);
    if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    lock(&shared).started = Some(started);
    let body = InnerBody::new(
        body,
        hold,
        first.filter(|_| switches || has_content(status)),
        length,
        shared,
    );
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Whether content may follow a head (RFC 9110 15.3.5, 15.3.6, 15.4.5).
fn has_content(status: StatusCode) -> bool {
    !matches!(
        status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    )
}
