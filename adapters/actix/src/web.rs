//! An application inside somebody's actix-web program.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_service::{Service, ServiceFactory};
use actix_web::body::BoxBody;
use actix_web::dev::{
    AppService, HttpServiceFactory, ResourceDef, ServiceRequest, ServiceResponse,
};
use actix_web::{HttpRequest, HttpResponse};
use rgi_core::App;
use rgi_core::server::{
    Address, Config, Connection, Exchange, Offload, Pool, ServerInfo, Stop, Tls,
};
use rgi_tasks::{Clock, pool};
use tokio::runtime::Handle;

use crate::answer::Answer;
use crate::call::Site;
use crate::place::{Place, Program};

/// An application as a service of actix-web's: of a [`Scope`](actix_web::Scope), or of an
/// [`App`](actix_web::App), beside others. It takes what no service before it has taken.
///
/// What the scopes around it have matched of the path is `script_name`, and the rest `path_info`. Each
/// of actix-web's workers has the application that it is given; nothing asks it to be `Send`.
///
/// ```no_run
/// use actix_web::{App, HttpServer, rt, web};
/// use rgi_core::{Environ, Full, StartResponse, StatusCode, app_fn};
///
/// fn where_am_i(environ: Environ, start_response: StartResponse) -> Full {
///     let text = format!("{} and {}\n", environ.script_name(), environ.path_info());
///     start_response.start(StatusCode::OK).full(text)
/// }
///
/// fn main() -> std::io::Result<()> {
///     let server = HttpServer::new(|| {
///         App::new()
///             .route("/native", web::to(async || "of actix-web's own\n"))
///             .service(web::scope("/shop").service(rgi_actix::service(app_fn(where_am_i))))
///     });
///     rt::System::new().block_on(server.bind("127.0.0.1:8000")?.run())
/// }
/// ```
///
/// # What is the program's
///
/// The server, its deadlines and its connections. So the facts differ from those of the
/// [`Actix`](crate::Actix) server: there are no interim responses, no trailers and no offers to switch
/// protocols; `100 Continue` goes out before the application is called; and of a client that leaves the
/// application hears by the next read or by its body's drop, for actix-web drops both. That the program
/// stops it does not hear.
pub fn service<A>(app: A) -> Mounted<A>
where
    A: App + 'static,
    A::Body: 'static,
{
    Mounted {
        app: Rc::new(app),
        config: Config::default(),
    }
}

/// What [`service`] gives.
pub struct Mounted<A> {
    app: Rc<A>,
    config: Config,
}

impl<A> Mounted<A> {
    /// With other settings than the default ones. Of a [`Config`] these hold here:
    /// `blocking_threads`, `queue_timeout`, `buffer_body`, `body_timeout`, `limits`, `vars`,
    /// `multiprocess`, `process`, `log` and `around`. The others are for servers.
    #[must_use]
    pub fn config(mut self, config: Config) -> Mounted<A> {
        self.config = config;
        self
    }
}

impl<A> fmt::Debug for Mounted<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mounted")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl<A> HttpServiceFactory for Mounted<A>
where
    A: App + 'static,
    A::Body: 'static,
{
    fn register(self, services: &mut AppService) {
        let everything = match services.is_root() {
            true => ResourceDef::root_prefix(""),
            false => ResourceDef::prefix(""),
        };
        services.register_service(everything, None, self, None);
    }
}

impl<A> ServiceFactory<ServiceRequest> for Mounted<A>
where
    A: App + 'static,
    A::Body: 'static,
{
    type Response = ServiceResponse;
    type Error = actix_web::Error;
    type Config = ();
    type Service = Serving<A>;
    type InitError = ();
    type Future = std::future::Ready<Result<Serving<A>, ()>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let handle = Handle::current();
        let clock = Clock::new(handle.clone());
        let pool = pool(&self.config, &handle);
        let stop = Stop::new();
        let timer = Arc::new(clock.clone());
        let mut host = self.config.host(info(&self.config), timer, &stop);
        // What it is mounted under, the request says.
        host.script_name.clear();
        host.offload = Some(Arc::new(pool.clone()) as Arc<dyn Offload>);
        std::future::ready(Ok(Serving {
            site: Site {
                app: self.app.clone(),
                host: Arc::new(host),
                config: self.config.clone(),
            },
            program: Arc::new(Program {
                log: self.config.log.clone(),
                clock,
            }),
            pool,
        }))
    }
}

/// The facts of an application inside a program.
fn info(config: &Config) -> ServerInfo {
    let mut info = ServerInfo::default();
    info.software = concat!("rgi-actix/", env!("CARGO_PKG_VERSION"));
    // Blocking applications are called by the threads of the pool.
    info.multithread = true;
    info.multiprocess = config.multiprocess;
    info.process = config.process;
    info.reentrant = true;
    info
}

/// An application that serves, in one of the program's workers.
pub struct Serving<A> {
    site: Site<Rc<A>>,
    program: Arc<Program>,
    pool: Pool,
}

impl<A> fmt::Debug for Serving<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Serving")
    }
}

impl<A> Drop for Serving<A> {
    fn drop(&mut self) {
        // The threads end as their steps do; nobody waits here.
        self.pool.close(Duration::ZERO);
    }
}

impl<A> Service<ServiceRequest> for Serving<A>
where
    A: App + 'static,
    A::Body: 'static,
{
    type Response = ServiceResponse;
    type Error = actix_web::Error;
    type Future = Answering<A>;

    fn poll_ready(&self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&self, request: ServiceRequest) -> Answering<A> {
        let (request, payload) = request.into_parts();
        let mount = |mut exchange: Exchange| {
            exchange.environ_mut().mount(script_name(&request));
            exchange
        };
        let place = Place::Program(self.program.clone());
        let connection = connection(&request);
        let answer = self
            .site
            .call(request.head(), payload, place, connection, mount);
        Answering {
            answer,
            request: Some(request),
        }
    }
}

/// The answer of an application on its way to actix-web.
pub struct Answering<A: App>
where
    A::Body: 'static,
{
    answer: Answer<A::Body>,
    request: Option<HttpRequest>,
}

impl<A: App> fmt::Debug for Answering<A>
where
    A::Body: 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answering")
    }
}

impl<A: App> Future for Answering<A>
where
    A::Body: 'static,
{
    type Output = Result<ServiceResponse, actix_web::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let response = match ready!(Pin::new(&mut this.answer).poll(cx)) {
            Ok(response) => response.map_body(|_, body| BoxBody::new(body)),
            Err(response) => response,
        };
        let Some(request) = this.request.take() else {
            return Poll::Pending;
        };
        let response = HttpResponse::from(response);
        Poll::Ready(Ok(ServiceResponse::new(request, response)))
    }
}

/// So many segments of the path as sent as actix-web has matched of the path as it decodes it, which
/// leaves slashes alone.
fn script_name(request: &HttpRequest) -> &str {
    let matched = request.match_info();
    let (whole, rest) = (matched.as_str(), matched.unprocessed());
    let taken = &whole[..whole.len().saturating_sub(rest.len())];
    let segments = taken.trim_end_matches('/').matches('/').count();
    let path = request.uri().path();
    let mut slashes = path.match_indices('/').map(|(at, _)| at);
    &path[..slashes.nth(segments).unwrap_or(path.len())]
}

fn connection(request: &HttpRequest) -> Arc<Connection> {
    let config = request.app_config();
    Arc::new(Connection {
        peer: request.peer_addr().map_or(Address::None, Address::Tcp),
        local: Address::Tcp(config.local_addr()),
        tls: config.secure().then(Tls::default),
    })
}
