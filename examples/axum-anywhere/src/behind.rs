//! What stands between an RGI server and axum.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use rgi_core::server::{Address, Connection};
use rgi_core::{App, AppExt, Body, Facts};
use tower_http::normalize_path::NormalizePathLayer;

use crate::ticks::Closing;

/// An axum application as one of RGI's, with the client's address for [`ConnectInfo`] and the server's stop
/// for [`Closing`], and a layer of tower's outside of it, where axum's own routing has not happened yet.
pub fn app(router: Router) -> impl App<Body = impl Body + Send> + Send + Sync + 'static {
    rgi_tower::app(router.layer(from_fn(introduce)))
        .with(rgi_tower::layer(NormalizePathLayer::trim_trailing_slash()))
}

/// RGI's servers say who the client is, and when they are told to stop, in their own terms.
async fn introduce(mut request: Request, next: Next) -> Response {
    if let Some(address) = peer(&request) {
        request.extensions_mut().insert(ConnectInfo(address));
    }
    if let Some(facts) = request.extensions().get::<Facts>().cloned() {
        let closing = Closing::new(move || facts.stopping());
        request.extensions_mut().insert(closing);
    }
    next.run(request).await
}

/// The client's address, as the server knows it, or a middleware that believes a proxy. None on a Unix
/// socket.
fn peer(request: &Request) -> Option<SocketAddr> {
    match request.extensions().get::<Connection>()?.peer {
        Address::Tcp(address) => Some(address),
        _ => None,
    }
}
