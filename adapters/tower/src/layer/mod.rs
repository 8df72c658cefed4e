//! Tower's layers as middleware: on their outer side an application, whose requests a layer gets; on their
//! inner side a service, which the layer calls, and behind it the application inside.

mod body;
mod inner;
mod shared;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use http::{Request, Response, StatusCode};
use http_body::Body as HttpBody;
use pin_project_lite::pin_project;
use rgi_core::middleware::Middleware;
use rgi_core::{App, Environ, Error, Event, Fallback, StartResponse, Started};
use tower_layer::Layer;
use tower_service::Service;

pub use body::InnerBody;
pub use inner::{Inner, Opening};
use shared::Carried;
pub(crate) use shared::{Shared, lock};

use crate::driven::Driven;
use crate::told::tell;
use crate::{BoxError, RequestBody};

/// A middleware of a tower layer.
///
/// The application inside is a service to the layer, and what the layer makes of it is an application
/// again, in the same exchange: the environ that the application gets is the server's own, with the
/// method, fields, extensions and body that the layer has passed on, and what the layer answers goes
/// out by the one commit machine of the server.
///
/// - A layer may answer by itself. One that calls the service twice (a retry) gets an error the second
///   time, for a token is there once.
/// - Errors of the application before its head are the service's errors; each is a boxed
///   [`rgi_core::Error`], which keeps its status where the layer passes it on.
/// - It is told of the client and the server by the request's extensions, as a service of
///   [`app`](crate::app) is: by a [`Connection`](rgi_core::Connection), a [`Peer`](rgi_core::Peer) and
///   [`Facts`](rgi_core::Facts).
/// - Parts of files are read, in blocks of 64 KiB; flushes are left out.
/// - A switch of protocols passes through a layer that leaves status and body as they are.
/// - A layer sees the whole target, prefix and all, and may change it, as
///   [`Environ::set_target`] has it: what lies outside of `script_name` is answered with 404. It sees
///   [`Environ::uri`], and what [`Environ::try_uri`] does not hold is refused before the layer.
pub fn layer<L>(layer: L) -> TowerLayer<L> {
    TowerLayer(layer)
}

/// What [`layer`] gives.
#[derive(Clone, Copy, Debug)]
pub struct TowerLayer<L>(L);

impl<A, L, B> Middleware<A> for TowerLayer<L>
where
    A: App,
    L: Layer<Inner<A>>,
    L::Service: Service<Request<RequestBody>, Response = Response<B>> + Clone,
    <L::Service as Service<Request<RequestBody>>>::Error: Into<BoxError>,
    B: HttpBody,
    B::Error: Into<BoxError>,
{
    type App = Layered<L::Service>;

    fn wrap(&self, inner: A) -> Layered<L::Service> {
        Layered(self.0.layer(Inner(Arc::new(inner))))
    }
}

/// An application behind a layer.
#[derive(Clone, Copy, Debug)]
pub struct Layered<S>(S);

impl<S, B> App for Layered<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: HttpBody,
    B::Error: Into<BoxError>,
{
    type Body = LayeredBody<S, S::Future, B>;

    fn call(&self, mut environ: Environ, start_response: StartResponse) -> Self::Body {
        let (start_response, fallback) = start_response.with_fallback();
        let uri = match environ.try_uri() {
            Ok(uri) => uri.clone(),
            Err(error) => {
                return LayeredBody::new(fallback, Shared::default(), Driven::refused(error));
            }
        };
        let shared = Shared::default();
        let input = environ.take_input();
        // What a layer has when it answers by itself is gone, and whoever lent the environ asks another.
        let lent = environ.is_lent();
        let mut request = Request::new(match lent {
            true => RequestBody::lent(input, shared.clone()),
            false => RequestBody::new(input),
        });
        *request.method_mut() = environ.method().clone();
        *request.uri_mut() = uri;
        *request.version_mut() = environ.version();
        *request.headers_mut() = match lent {
            true => environ.headers().clone(),
            false => std::mem::take(environ.headers_mut()),
        };
        *request.extensions_mut() = match lent {
            true => environ.extensions().clone(),
            false => std::mem::take(environ.extensions_mut()),
        };
        tell(request.extensions_mut(), &environ);
        request.extensions_mut().insert(Carried(shared.clone()));
        let mut slot = lock(&shared);
        slot.environ = Some(environ);
        slot.start_response = Some(start_response);
        drop(slot);
        LayeredBody::new(fallback, shared, Driven::new(self.0.clone(), request))
    }
}

pin_project! {
    /// The response of an application behind a layer, as events.
    #[must_use = "a body does nothing until a server polls it"]
    pub struct LayeredBody<S, F, B> {
        fallback: Option<Fallback>,
        shared: Shared,
        // The head is there.
        begun: bool,
        #[pin]
        driven: Driven<S, F, B>,
    }
}

impl<S, F, B> LayeredBody<S, F, B> {
    fn new(fallback: Fallback, shared: Shared, driven: Driven<S, F, B>) -> LayeredBody<S, F, B> {
        LayeredBody {
            fallback: Some(fallback),
            shared,
            begun: false,
            driven,
        }
    }
}

impl<S, F, B> fmt::Debug for LayeredBody<S, F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayeredBody").finish_non_exhaustive()
    }
}

impl<S, F, B> Stream for LayeredBody<S, F, B>
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
        if !*this.begun {
            let head = ready!(this.driven.as_mut().poll_head(cx));
            *this.begun = true;
            return Poll::Ready(match head {
                None => None,
                Some(Err(error)) => Some(Err(Error::new(error))),
                Some(Ok(head)) => {
                    let started = start(this.shared, this.fallback, head.status);
                    started.map(|started| Ok(head.fill(started)))
                }
            });
        }
        let polled = this.driven.poll_event(cx);
        if let Some(upgrade) = lock(this.shared).upgrade.take() {
            return Poll::Ready(Some(Ok(Event::Upgrade(upgrade))));
        }
        Poll::Ready(ready!(polled).map(|event| event.map_err(Error::new)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.driven.size_hint()
    }
}

/// The token of the exchange: the application's, if it has begun a response; its own, if it was never
/// called; or the right to answer for one that failed.
fn start(shared: &Shared, fallback: &mut Option<Fallback>, status: StatusCode) -> Option<Started> {
    let mut slot = lock(shared);
    if let Some(started) = slot.started.take() {
        // A switch of protocols goes on as it is.
        return Some(match started.head().status == status {
            true => started,
            false => started.recall().start(status),
        });
    }
    if let Some(start_response) = slot.start_response.take() {
        return Some(start_response.start(status));
    }
    drop(slot);
    let cause = Error::new("the application failed, and a layer answered for it");
    Some(fallback.take()?.start(status, cause))
}
