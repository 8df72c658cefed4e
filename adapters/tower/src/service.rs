//! From an application to a service.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body as HttpBody;
use rgi_core::server::syntax::PATH;
use rgi_core::server::{
    Connection, Exchange, Host, Limits, RequestHead, Scheme, ServerInfo, leave_behind,
};
use rgi_core::{App, rt};
use tower_service::Service;

use crate::answer::{Answer, ResponseBody};
use crate::timer::ThreadTimer;
use crate::{BoxError, source};

/// An application as a service, for every kind of request body.
///
/// It is always ready, and fails never: what goes wrong before the head is decided becomes a status,
/// and what goes wrong later an error of the body. A [`Connection`] and a [`Scheme`] among the request's
/// extensions are the environ's.
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
        scheme: None,
        prefix: None,
    }
}

/// What [`into_service`] gives. Its clones share the application.
pub struct AppService<A> {
    app: Arc<A>,
    host: Arc<Host>,
    scheme: Option<Scheme>,
    prefix: Option<Arc<str>>,
}

impl<A> AppService<A> {
    /// With facts, clock, pool, log, order to stop and prefix that the program knows. `upgrade` and `informational`
    /// are not true of a service, and are taken for false.
    #[must_use]
    pub fn with_host(mut self, mut host: Host) -> AppService<A> {
        host.info.upgrade = false;
        host.info.informational = false;
        self.host = Arc::new(host);
        self
    }

    /// Below a prefix that a router takes off the path, such as axum's `nest_service`: it is put before
    /// the path again, as a part of `script_name`. One that the path still has is the host's
    /// `script_name`.
    ///
    /// ```
    /// use axum::Router;
    /// use rgi_core::{Environ, Full, StartResponse, StatusCode, app_fn};
    ///
    /// fn place(environ: Environ, start_response: StartResponse) -> Full {
    ///     let place = format!("{} {}", environ.script_name(), environ.path_info());
    ///     start_response.start(StatusCode::OK).full(place)
    /// }
    ///
    /// let shop = rgi_tower::into_service(app_fn(place)).below("/shop");
    /// let router: Router = Router::new().nest_service("/shop", shop);
    /// # let _ = router;
    /// ```
    ///
    /// # Panics
    ///
    /// If the prefix does not begin with a slash, ends with one, or has a byte that no path has.
    #[must_use]
    pub fn below(mut self, prefix: &str) -> AppService<A> {
        let is_path = prefix.starts_with('/') && !prefix.ends_with('/');
        assert!(
            is_path && PATH.spells(prefix.as_bytes()),
            "a prefix begins with a slash and does not end with one: {prefix:?}"
        );
        self.prefix = Some(prefix.into());
        self
    }

    /// With the scheme by which clients reach the program, where it knows that. By itself it is `https` if the
    /// request's [`Connection`] has a TLS session, and else `http`; a [`Scheme`] among the request's
    /// extensions goes before both.
    #[must_use]
    pub fn with_scheme(mut self, scheme: Scheme) -> AppService<A> {
        self.scheme = Some(scheme);
        self
    }
}

impl<A> Clone for AppService<A> {
    fn clone(&self) -> AppService<A> {
        AppService {
            app: self.app.clone(),
            host: self.host.clone(),
            scheme: self.scheme,
            prefix: self.prefix.clone(),
        }
    }
}

impl<A> std::fmt::Debug for AppService<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppService")
            .field("host", &self.host)
            .field("scheme", &self.scheme)
            .field("prefix", &self.prefix)
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
        let scheme = parts.extensions.remove::<Scheme>().or(self.scheme);
        let host = self.host.clone();
        let head = leave_behind(&mut parts.headers, &Limits::default())
            .and_then(|()| RequestHead::from_parts(parts));
        let response = match head {
            Ok(head) => {
                let mut exchange = Exchange::new(head, source::input(body), host, connection);
                let environ = exchange.environ_mut();
                if let Some(scheme) = scheme {
                    environ.set_scheme(scheme);
                }
                if let Some(prefix) = &self.prefix {
                    environ.restore_prefix(prefix);
                }
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
