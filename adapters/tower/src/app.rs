//! From a service to an application.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use http::{Extensions, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use pin_project_lite::pin_project;
use rgi_core::{App, BoxBody, Environ, Error, Event, StartResponse};
use tower_service::Service;

use crate::driven::Driven;
use crate::switch::Switch;
use crate::told::tell;
use crate::{BoxError, RequestBody};

/// A service as an application.
///
/// Each request gets a clone, which is called once it is ready. The environ's extensions go along with
/// the request, and beside them its [`Connection`](rgi_core::Connection), its [`Peer`](rgi_core::Peer) and
/// its [`Facts`](rgi_core::Facts). An error of the service is answered with 500, or the status of the
/// [`rgi_core::Error`] that it carries; one of the response's body cuts the response.
///
/// The target is [`Environ::uri`]; one that `http` does not hold is refused, as
/// [`Environ::try_uri`] has it, and the service is not asked.
///
/// The length of a response is what its field says, or else its body. Trailers go out where the field
/// `trailer` announces them; such a response has no length.
///
/// With the feature `upgrade` a service can switch the protocol, as those of hyper do: by the `OnUpgrade`
/// among the request's extensions, and 101. So axum's WebSockets run on every server, where the program
/// has a runtime of tokio's for them. It is offered wherever an [`Offer`](rgi_core::Offer) is, which the
/// service has then instead of the environ; not for CONNECT. Without the feature nothing is offered, and an
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
        if let Err(error) = environ.try_uri() {
            return ServiceBody::new(start_response, None, Driven::refused(error));
        }
        let offer = environ.take_offer();
        let mut told = Extensions::new();
        tell(&mut told, &environ);
        let mut request = environ.into_request().map(RequestBody::new);
        request.extensions_mut().extend(told);
        let switch = Switch::offer(offer, &mut request);
        ServiceBody::new(start_response, switch, Driven::new(self.0.clone(), request))
    }
}

pin_project! {
    /// The response of a service, as events.
    #[must_use = "a body does nothing until a server polls it"]
    pub struct ServiceBody<S, F, B> {
        // Until the head is there.
        start_response: Option<StartResponse>,
        switch: Option<Switch>,
        // The connection, and who has it now.
        switched: Option<BoxBody>,
        #[pin]
        driven: Driven<S, F, B>,
    }
}

impl<S, F, B> ServiceBody<S, F, B> {
    fn new(
        start_response: StartResponse,
        switch: Option<Switch>,
        driven: Driven<S, F, B>,
    ) -> ServiceBody<S, F, B> {
        ServiceBody {
            start_response: Some(start_response),
            switch,
            switched: None,
            driven,
        }
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
            let Some((head, start_response)) = head.zip(this.start_response.take()) else {
                return Poll::Ready(None);
            };
            let head = head.map_err(Error::new)?;
            let started = start_response.start(head.status);
            // One that is not taken is dropped.
            let switch = this.switch.take();
            match switch.filter(|_| head.status == StatusCode::SWITCHING_PROTOCOLS) {
                None => return Poll::Ready(Some(Ok(head.fill(started)))),
                Some(switch) => {
                    let protocol = head.protocol();
                    let body = switch.accept(head.adopt(started), protocol.as_ref())?;
                    *this.switched = Some(body);
                }
            }
        }
        if let Some(switched) = this.switched {
            return Pin::new(switched).poll_next(cx);
        }
        let event = ready!(this.driven.poll_event(cx));
        Poll::Ready(event.map(|event| event.map_err(Error::new)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.switched {
            Some(switched) => switched.size_hint(),
            None => self.driven.size_hint(),
        }
    }
}
