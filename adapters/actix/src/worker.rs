//! One worker: a thread with tokio's loop, an application, and its connections.

use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use actix_http::{HttpService, KeepAlive, Request};
use actix_service::{Service, ServiceFactory, fn_service};
use rgi_core::server::{Beat, Config, Level, Offload, Pool, Stop};
use rgi_core::{App, Error, LocalLifespan, Worker};
use rgi_tasks::{Census, Clock, Seat, Server, Socket, Stream, named};
use tokio::runtime::Builder;
use tokio::sync::mpsc::Receiver;
use tokio::sync::watch;
use tokio::task::LocalSet;

use crate::PATIENCE;
use crate::answer::Answer;
use crate::call::Site;
use crate::connection;
use crate::io::Io;
use crate::line::Line;
use crate::place::Place;

/// What workers are told, all at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Turn {
    /// Others still start.
    Wait,
    /// All have.
    Serve,
    /// The application is over.
    End,
}

/// What a worker's thread is given.
pub(crate) struct Task<L> {
    pub(crate) lifespan: Arc<L>,
    pub(crate) worker: Worker,
    pub(crate) config: Config,
    pub(crate) pool: Pool,
    pub(crate) census: Arc<Census>,
    pub(crate) stop: Stop,
    pub(crate) accepted: Receiver<(Socket, Seat)>,
    /// Told once: that it has started, or why not.
    pub(crate) ready: mpsc::Sender<Result<Arc<Server>, Error>>,
    pub(crate) turn: watch::Receiver<Turn>,
}

impl<L> Task<L>
where
    L: LocalLifespan,
    L::App: 'static,
    <L::App as App>::Body: 'static,
{
    /// Makes the application, waits for the others, serves, ends the application.
    pub(crate) fn run(self) -> Result<(), Error> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let local = LocalSet::new();
        let end = local.block_on(&runtime, self.work());
        drop(local);
        runtime.shutdown_timeout(PATIENCE);
        end
    }

    async fn work(mut self) -> Result<(), Error> {
        let clock = Clock::new(tokio::runtime::Handle::current());
        let app = match self.lifespan.startup(&self.worker).await {
            Ok(app) => app,
            Err(error) => {
                let _ = self.ready.send(Err(error));
                return Ok(());
            }
        };
        let server = Server::new(self.config.clone(), clock.clone(), self.census.clone());
        let _ = self.ready.send(Ok(server.clone()));
        // One that panics says nothing, and must not be waited for.
        let (ready, _) = mpsc::channel();
        drop(std::mem::replace(&mut self.ready, ready));
        let mut host = self
            .config
            .host(self.worker.server.clone(), Arc::new(clock), &self.stop);
        host.offload = Some(Arc::new(self.pool.clone()) as Arc<dyn Offload>);
        host.gauge = Some(self.census.clone());
        let site = Rc::new(Site {
            app,
            host: Arc::new(host),
            config: self.config.clone(),
        });
        if self
            .turn
            .wait_for(|turn| *turn >= Turn::Serve)
            .await
            .is_ok()
        {
            self.serve(&site, server).await?;
            // The pool is emptied when all workers are here.
            let _ = self.turn.wait_for(|turn| *turn >= Turn::End).await;
        }
        self.lifespan.shutdown(&site.app).await;
        Ok(())
    }

    /// Gives each connection a task, until no more will come.
    async fn serve(&mut self, site: &Rc<Site<L::App>>, server: Arc<Server>) -> Result<(), Error> {
        if let Some(pulse) = &self.config.pulse {
            tokio::task::spawn_local(live(pulse.join()));
        }
        let called = site.clone();
        let http = HttpService::build()
            // The deadlines are this crate's.
            .keep_alive(KeepAlive::Os)
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(Duration::ZERO)
            .on_connect_ext(|io: &Io<<L::App as App>::Body>, told| {
                told.insert(io.line().clone());
            })
            .h1(fn_service(move |request| called.answer(request)));
        let http = http.new_service(()).await;
        let http = http.map_err(|()| Error::new("actix-http makes no service"))?;
        let http = Rc::new(http);
        while let Some((socket, seat)) = self.accepted.recv().await {
            match Stream::new(socket) {
                Ok(stream) => {
                    let (http, server) = (http.clone(), server.clone());
                    tokio::task::spawn_local(async move {
                        let Some((connection, come)) = named(&stream, &server, &seat).await else {
                            return;
                        };
                        let line = Line::new(stream, connection, server, seat);
                        line.put_ahead(&come);
                        let peer = line.connection.peer.tcp();
                        let dispatched = http.call((Io::new(line.clone()), peer));
                        connection::serve(line, dispatched).await;
                    });
                }
                Err(error) => server.log(
                    Level::Error,
                    format_args!("cannot serve a connection: {error}"),
                ),
            }
        }
        Ok(())
    }
}

impl<A: App> Site<A>
where
    A::Body: 'static,
{
    /// Answers a request of one of this worker's connections.
    fn answer(&self, mut request: Request) -> Answer<A::Body> {
        let line = request.conn_data::<Rc<Line<A::Body>>>();
        let line = line.expect("`on_connect_ext` has put it there").clone();
        let connection = line.connection.clone();
        let payload = request.take_payload();
        let place = Place::Line(line);
        self.call(request.head(), payload, place, connection, |exchange| {
            exchange
        })
    }
}

/// Gives signs of life: the loop has time for whoever is to run.
async fn live(beat: Beat) {
    let mut ticks = tokio::time::interval(beat.interval() / 2);
    loop {
        ticks.tick().await;
        beat.beat();
    }
}
