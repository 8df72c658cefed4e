//! A service that is made ready and called for one request, and its response, as events.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body::Body as HttpBody;
use pin_project_lite::pin_project;
use rgi_core::{Error, Event, Started};
use tower_service::Service;

use crate::{BoxError, RequestBody};

pin_project! {
    #[project = DrivenProj]
    pub(crate) enum Driven<S, F, B> {
        Readying { service: S, request: Option<Request<RequestBody>> },
        Refused { error: Option<Error> },
        Calling { #[pin] future: F },
        Body { #[pin] body: B },
        Done,
    }
}

/// The head of a service's response.
pub(crate) struct ServiceHead {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    /// What the body says that it will be.
    length: Option<u64>,
}

impl ServiceHead {
    /// What it says that the connection is switched to.
    pub(crate) fn protocol(&self) -> Option<HeaderValue> {
        self.headers.get(header::UPGRADE).cloned()
    }

    /// Puts its fields into a start.
    pub(crate) fn adopt(self, mut started: Started) -> Started {
        started.head_mut().adopt(self.headers);
        started
    }

    /// Puts it into a start that has its status. What is to be switched has no length.
    pub(crate) fn fill(self, started: Started) -> Event {
        let length = self.length;
        let announces = self.headers.contains_key(header::TRAILER);
        let mut started = self.adopt(started);
        let head = started.head_mut();
        if head.protocol().is_none() {
            head.set_length(match head.length() {
                // Trailers go behind a body whose end is not known before.
                _ if announces => None,
                // A router's doing: it would be the 200's (RFC 9110 8.6).
                Some(0) if head.status == StatusCode::NOT_MODIFIED => None,
                Some(length) => Some(length),
                // Of an answer to HEAD, or a 304, an empty body says nothing; elsewhere the server sees it.
                None => length.filter(|length| *length > 0),
            });
        }
        Event::Start(started)
    }
}

impl<S, F, B> Driven<S, F, B> {
    /// A service that is to be made ready, and called for this request.
    pub(crate) fn new(service: S, request: Request<RequestBody>) -> Driven<S, F, B> {
        Driven::Readying {
            service,
            request: Some(request),
        }
    }

    /// A request that no service is asked.
    pub(crate) fn refused(error: Error) -> Driven<S, F, B> {
        Driven::Refused { error: Some(error) }
    }
}

impl<S, F, B> Driven<S, F, B>
where
    S: Service<Request<RequestBody>, Response = Response<B>, Future = F>,
    S::Error: Into<BoxError>,
    F: Future<Output = Result<Response<B>, S::Error>>,
    B: HttpBody,
    B::Error: Into<BoxError>,
{
    /// The head of the response, once; `None` behind it.
    pub(crate) fn poll_head(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<ServiceHead, BoxError>>> {
        loop {
            let failed = match self.as_mut().project() {
                DrivenProj::Readying { service, request } => match ready!(service.poll_ready(cx)) {
                    Err(error) => error,
                    Ok(()) => {
                        let Some(request) = request.take() else {
                            return Poll::Ready(None);
                        };
                        let future = service.call(request);
                        self.set(Driven::Calling { future });
                        continue;
                    }
                },
                DrivenProj::Calling { future } => match ready!(future.poll(cx)) {
                    Err(error) => error,
                    Ok(response) => {
                        let (parts, body) = response.into_parts();
                        let head = ServiceHead {
                            status: parts.status,
                            headers: parts.headers,
                            length: body.size_hint().exact(),
                        };
                        self.set(Driven::Body { body });
                        return Poll::Ready(Some(Ok(head)));
                    }
                },
                DrivenProj::Refused { error } => {
                    let error = error.take().map(|error| Err(error.into()));
                    return Poll::Ready(error);
                }
                DrivenProj::Body { .. } | DrivenProj::Done => return Poll::Ready(None),
            };
            self.set(Driven::Done);
            return Poll::Ready(Some(Err(failed.into())));
        }
    }

    /// What comes behind the head.
    pub(crate) fn poll_event(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Event, BoxError>>> {
        loop {
            let DrivenProj::Body { body } = self.as_mut().project() else {
                return Poll::Ready(None);
            };
            let frame = match ready!(body.poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                end => {
                    self.set(Driven::Done);
                    return Poll::Ready(end.and_then(Result::err).map(|error| Err(error.into())));
                }
            };
            let event = match frame.into_data() {
                Ok(mut data) => Event::Data(data.copy_to_bytes(data.remaining())),
                Err(frame) => match frame.into_trailers() {
                    Ok(trailers) => Event::Trailers(Box::new(trailers)),
                    Err(_) => continue,
                },
            };
            return Poll::Ready(Some(Ok(event)));
        }
    }
}

impl<S, F, B: HttpBody> Driven<S, F, B> {
    /// As a stream's.
    pub(crate) fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Driven::Body { body } if body.is_end_stream() => (0, Some(0)),
            Driven::Done => (0, Some(0)),
            _ => (0, None),
        }
    }
}
