//! From an application to a service.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, HeaderName, Request, Response, header};
use http_body::Body as HttpBody;
use rgi_core::server::syntax::members;
use rgi_core::server::{Connection, Exchange, Host, RequestHead, ServerInfo};
use rgi_core::{App, rt};
use tower_service::Service;

use crate::answer::{Answer, ResponseBody};
use crate::timer::ThreadTimer;
use crate::{BoxError, source};

/// An application as a service, for every kind of request body.
///
/// It is always ready, and fails never: what goes wrong before the head is decided becomes a status,
/// and what goes wrong later an error of the body. A [`Connection`] among the request's extensions is
/// the environ's.
///
/// ```
/// use http::Request;
/// use rgi_core::{Environ, Full, StartResponse, StatusCode, app_fn, rt};
/// use tower_service::Service;
///
/// fn hello(environ: Environ, start_response: StartResponse) -> Full {
///     start_response.start(StatusCode::OK).full(format!("{}\n", environ.path_info()))
/// }
///
/// let mut service = rgi_tower::into_service(app_fn(hello));
/// let request = Request::get("/there").body(String::new())?;
/// let response = rt::block_on(service.call(request))?;
/// assert_eq!(response.headers()["content-length"], "7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # The facts
///
/// A service knows nothing of the server that calls it, so by itself it claims as little as it can: it
/// may be called by several threads and again before it is done, and must not block. There is no pool
/// for blocking steps, no interim response, no switch of protocols, and of a client that leaves the
/// application hears by its body's drop. [`with_host`](AppService::with_host) is for programs that
/// know more.
pub fn into_service<A>(app: A) -> AppService<A> {
    let mut info = ServerInfo::default();
    info.software = concat!("rgi-tower/", env!("CARGO_PKG_VERSION"));
    info.multithread = true;
    info.reentrant = true;
    AppService {
        app: Arc::new(app),
        host: Arc::new(Host::new(info, Arc::new(ThreadTimer))),
    }
}

/// What [`into_service`] gives. Its clones share the application.
pub struct AppService<A> {
    app: Arc<A>,
    host: Arc<Host>,
}

impl<A> AppService<A> {
    /// With facts, clock, pool, log and prefix that the program knows. `upgrade` and `informational`
    /// are not true of a service, and are taken for false.
    #[must_use]
    pub fn with_host(mut self, mut host: Host) -> AppService<A> {
        host.info.upgrade = false;
        host.info.informational = false;
        self.host = Arc::new(host);
        self
    }
}

impl<A> Clone for AppService<A> {
    fn clone(&self) -> AppService<A> {
        AppService {
            app: self.app.clone(),
            host: self.host.clone(),
        }
    }
}

impl<A> std::fmt::Debug for AppService<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppService")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

impl<A, B> Service<Request<B>> for AppService<A>
where
    A: App,
    B: HttpBody + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody<A::Body>>;
    type Error = Infallible;
    type Future = Answer<A::Body>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Answer<A::Body> {
        let (mut parts, body) = request.into_parts();
        let method = parts.method.clone();
        let connection = match parts.extensions.remove::<Connection>() {
            Some(connection) => Arc::new(connection),
            None => Arc::default(),
        };
        leave_behind(&mut parts.headers);
        let host = self.host.clone();
        let response = match RequestHead::from_parts(parts) {
            Ok(head) => {
                let exchange = Exchange::new(head, source::input(body), host, connection);
                rt::parking(self.host.info.may_block, || exchange.call(&*self.app))
            }
            Err(error) => {
                let exchange = Exchange::new(RequestHead::new(), None, host, connection);
                exchange.refuse(error)
            }
        };
        Answer::new(response, self.host.clone(), method)
    }
}

/// Takes out what speaks of the connection (RFC 9110 7.6.1).
fn leave_behind(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|value| members(value.as_bytes()))
        .filter_map(|name| HeaderName::from_bytes(name).ok())
        .collect();
    let always = [
        header::CONNECTION,
        header::TE,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        HeaderName::from_static("keep-alive"),
        HeaderName::from_static("proxy-connection"),
    ];
    for name in named.iter().chain(&always) {
        headers.remove(name);
    }
}
