//! From a service to an application.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use futures_core::Stream;
use http::{Request, Response};
use http_body::Body as HttpBody;
use pin_project_lite::pin_project;
use rgi_core::{App, Environ, Error, Event, StartResponse};
use tower_service::Service;

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
        ServiceBody {
            start_response: Some(start_response),
            request: Some(environ.into_request().map(RequestBody::new)),
            state: State::Readying {
                service: self.0.clone(),
            },
        }
    }
}

pin_project! {
    /// The response of a service, as events.
    #[must_use = "a body does nothing until a server polls it"]
    pub struct ServiceBody<S, F, B> {
        start_response: Option<StartResponse>,
        request: Option<Request<RequestBody>>,
        #[pin]
        state: State<S, F, B>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, F, B> {
        Readying { service: S },
        Calling { #[pin] future: F },
        Body { #[pin] body: B },
        Done,
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
        loop {
            match this.state.as_mut().project() {
                StateProj::Readying { service } => {
                    if let Err(error) = ready!(service.poll_ready(cx)) {
                        this.state.set(State::Done);
                        return Poll::Ready(Some(Err(Error::new(error))));
                    }
                    let Some(request) = this.request.take() else {
                        return Poll::Ready(None);
                    };
                    let future = service.call(request);
                    this.state.set(State::Calling { future });
                }
                StateProj::Calling { future } => {
                    let response = match ready!(future.poll(cx)) {
                        Ok(response) => response,
                        Err(error) => {
                            this.state.set(State::Done);
                            return Poll::Ready(Some(Err(Error::new(error))));
                        }
                    };
                    let (parts, body) = response.into_parts();
                    let Some(start_response) = this.start_response.take() else {
                        return Poll::Ready(None);
                    };
                    let mut started = start_response.start(parts.status);
                    let head = started.head_mut();
                    head.adopt(parts.headers);
                    if head.length().is_none() {
                        head.set_length(body.size_hint().exact());
                    }
                    this.state.set(State::Body { body });
                    return Poll::Ready(Some(Ok(Event::Start(started))));
                }
                StateProj::Body { body } => {
                    let event = match ready!(body.poll_frame(cx)) {
                        None => {
                            this.state.set(State::Done);
                            return Poll::Ready(None);
                        }
                        Some(Err(error)) => {
                            this.state.set(State::Done);
                            return Poll::Ready(Some(Err(Error::new(error))));
                        }
                        Some(Ok(frame)) => frame,
                    };
                    let frame = match event.into_data() {
                        Ok(mut data) => {
                            let data = data.copy_to_bytes(data.remaining());
                            return Poll::Ready(Some(Ok(Event::Data(data))));
                        }
                        Err(frame) => frame,
                    };
                    if let Ok(trailers) = frame.into_trailers() {
                        return Poll::Ready(Some(Ok(Event::Trailers(Box::new(trailers)))));
                    }
                }
                StateProj::Done => return Poll::Ready(None),
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.state {
            State::Body { body } if body.is_end_stream() => (0, Some(0)),
            State::Done => (0, Some(0)),
            _ => (0, None),
        }
    }
}
