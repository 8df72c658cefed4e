//! Switches of protocols, for services that take them as hyper gives them.
//!
//! hyper alone makes an [`OnUpgrade`], out of a connection of its own. So a request that is offered a
//! switch gets one without a network: hyper reads a head from a [`Link`], calls a service that hands its
//! `OnUpgrade` out, and waits for that service. When the application's service has answered 101, and the
//! server has handed its connection over, that one answers too; hyper's head goes nowhere, and what it
//! takes for its connection is a link to the server's.

mod link;

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use rgi_core::{BoxBody, Error, Offer, Started};

use link::{Link, Wire};

use crate::RequestBody;

type Connection = Pin<Box<dyn Future<Output = Result<(), hyper::Error>> + Send>>;

/// A switch that was offered to a service. Dropped, it does not take place, and who waits for it is told.
pub(crate) struct Switch {
    offer: Offer,
    /// hyper's.
    connection: Connection,
    wire: Wire,
    agreed: Arc<AtomicBool>,
}

impl Switch {
    /// Offers a service what the client has asked for, if it has and the server can.
    pub(crate) fn offer(
        offer: Option<Offer>,
        request: &mut Request<RequestBody>,
    ) -> Option<Switch> {
        let offer = offer?;
        let named: Vec<&str> = offer.protocols().collect();
        let protocols = HeaderValue::try_from(named.join(", ")).ok();
        // A tunnel of CONNECT's has none.
        let protocols = protocols.filter(|protocols| !protocols.is_empty())?;
        let wire = Wire::default();
        let agreed = Arc::new(AtomicBool::new(false));
        let (mut connection, on_upgrade) = connect(Link::new(&wire), agreed.clone());
        let _ = connection.as_mut().poll(&mut idle());
        let on_upgrade = take(&on_upgrade)?;
        request.extensions_mut().insert(on_upgrade);
        let headers = request.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, protocols);
        Some(Switch {
            offer,
            connection,
            wire,
            agreed,
        })
    }

    /// The body of a service's 101, which names a protocol.
    ///
    /// # Errors
    ///
    /// If the client did not name it.
    pub(crate) fn accept(
        self,
        started: Started,
        protocol: Option<&HeaderValue>,
    ) -> Result<BoxBody, Error> {
        let protocol = protocol.and_then(|protocol| protocol.to_str().ok());
        let accepted = self.offer.accept(protocol.unwrap_or_default());
        let accepted = accepted.map_err(|_| {
            Error::misuse(
                "a service switches to a protocol that the client did not name in Upgrade",
            )
        })?;
        let (mut connection, wire, agreed) = (self.connection, self.wire, self.agreed);
        let body = started.upgrade(accepted, |io| async move {
            wire.join(io);
            agreed.store(true, Ordering::Release);
            match connection.as_mut().poll(&mut idle()) {
                Poll::Ready(Ok(())) => drop(connection),
                Poll::Ready(Err(error)) => return Err(Error::new(error)),
                Poll::Pending => return Err(Error::misuse("hyper does not switch")),
            }
            poll_fn(|cx| wire.poll_left(cx)).await;
            Ok(())
        });
        Ok(BoxBody::new(body))
    }
}

/// What is polled by hand needs nobody to wake it.
fn idle() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

type Slot = Arc<Mutex<Option<OnUpgrade>>>;

fn take(slot: &Slot) -> Option<OnUpgrade> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// A connection of hyper's, whose one request is answered with 101 when that is agreed on.
fn connect(link: Link, agreed: Arc<AtomicBool>) -> (Connection, Slot) {
    let slot = Slot::default();
    let given = slot.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        let on_upgrade = hyper::upgrade::on(&mut request);
        *given.lock().unwrap_or_else(PoisonError::into_inner) = Some(on_upgrade);
        let agreed = agreed.clone();
        poll_fn(move |_| match agreed.load(Ordering::Acquire) {
            true => Poll::Ready(Ok::<_, Infallible>(switching())),
            false => Poll::Pending,
        })
    });
    let mut builder = http1::Builder::new();
    // There is nobody who could be slow.
    builder.header_read_timeout(None);
    let connection = builder.serve_connection(link, service).with_upgrades();
    (Box::pin(connection), slot)
}

fn switching() -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("any"));
    response
}
