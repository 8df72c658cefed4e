//! From a service to an application.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use http::{Request, Response};
use http_body::Body as HttpBody;
use pin_project_lite::pin_project;
use rgi_core::{App, Environ, Error, Event, StartResponse};
use tower_service::Service;

use crate::driven::Driven;
use crate::{BoxError, RequestBody};

/// A service as an application.
///
/// Each request gets a clone, which is called once it is ready. The environ's extensions go along with
/// the request, and beside them its [`Connection`](rgi_core::server::Connection) and its
/// [`Peer`](rgi_core::Peer). An error of the service is answered with 500, or the status of the
/// [`rgi_core::Error`] that it carries; one of the response's body cuts the response.
///
/// Switches of protocols are not offered to services: what hyper calls `OnUpgrade` is not there, so an
/// axum handler of WebSockets answers 426.
pub fn app<S>(service: S) -> ServiceApp<S> {
    ServiceApp(service)
}

/// What [`app`] gives.
#[derive(Clone, Copy, Debug)]
pub struct ServiceApp<S>(S);

impl<S, B> App for ServiceApp<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: HttpBody,
    B::Error: Into<BoxError>,
{
    type Body = ServiceBody<S, S::Future, B>;

    fn call(&self, mut environ: Environ, start_response: StartResponse) -> Self::Body {
        let connection = environ.connection().clone();
        let peer = environ.peer();
        environ.extensions_mut().insert(connection);
        environ.extensions_mut().insert(peer);
        let request = environ.into_request().map(RequestBody::new);
        ServiceBody {
            start_response: Some(start_response),
            driven: Driven::new(self.0.clone(), request),
        }
    }
}

pin_project! {
    /// The response of a service, as events.
    #[must_use = "a body does nothing until a server polls it"]
    pub struct ServiceBody<S, F, B> {
        // Until the head is there.
        start_response: Option<StartResponse>,
        #[pin]
        driven: Driven<S, F, B>,
    }
}

impl<S, F, B> std::fmt::Debug for ServiceBody<S, F, B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceBody").finish_non_exhaustive()
    }
}

impl<S, F, B> Stream for ServiceBody<S, F, B>
where
    S: Service<Request<RequestBody>, Response = Response<B>, Future = F>,
    S::Error: Into<BoxError>,
    F: Future<Output = Result<Response<B>, S::Error>>,
    B: HttpBody,
    B::Error: Into<BoxError>,
{
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if this.start_response.is_some() {
            let head = ready!(this.driven.as_mut().poll_head(cx));
            let begun = head.zip(this.start_response.take());
            return Poll::Ready(begun.map(|(head, start_response)| {
                let head = head.map_err(Error::new)?;
                let started = start_response.start(head.status);
                Ok(head.fill(started))
            }));
        }
        let event = ready!(this.driven.poll_event(cx));
        Poll::Ready(event.map(|event| event.map_err(Error::new)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.driven.size_hint()
    }
}
