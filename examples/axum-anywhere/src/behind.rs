//! What stands between an RGI server and axum.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use rgi_core::server::{Address, Connection};
use rgi_core::{App, AppExt, Body};
use tower_http::normalize_path::NormalizePathLayer;

/// An axum application as one of RGI's, with the client's address for [`ConnectInfo`], and a layer of
/// tower's outside of it, where axum's own routing has not happened yet.
pub fn app(router: Router) -> impl App<Body = impl Body + Send> + Send + Sync + 'static {
    rgi_tower::app(router.layer(from_fn(connect_info)))
        .with(rgi_tower::layer(NormalizePathLayer::trim_trailing_slash()))
}

/// axum's own server says who the client is; so do RGI's, in their own terms.
async fn connect_info(mut request: Request, next: Next) -> Response {
    if let Some(address) = peer(&request) {
        request.extensions_mut().insert(ConnectInfo(address));
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
