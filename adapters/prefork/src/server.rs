//! The server of one process.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rgi_core::server::{Config, Listener, Server, ServerInfo, Stop};
use rgi_core::{Error, LocalLifespan, Worker, rt};
use rgi_reactor::Reactor;

/// A server for one request at a time, on the thread it is called on.
///
/// Connections wait on a readiness loop, of this thread as well, and only what is there takes its
/// turn: a head, with up to [`buffer_body`](Config::buffer_body) bytes of its body. So neither an
/// idle client, nor one that is slow to send or to read, keeps the others waiting; the application
/// alone does, and a body longer than that. An asynchronous application is served as well, to the
/// end of each answer before the next request.
///
/// A request that is there is answered in its turn, in the order in which it came. A client that
/// waits for `100 Continue` is told to go on when its head is found good, not when its body is read;
/// where `buffer_body` is 0 nothing is gathered, and it is told when its body is read.
///
/// While it is busy it accepts no connections, and otherwise one at a time: other processes take
/// them from the same listeners. [`Config::threads`], [`Config::blocking_threads`] and
/// [`Config::queue_timeout`] mean nothing to it.
///
/// [`Config::request_timeout`] ends a wait for a body, and answers for an asynchronous application;
/// it cannot end what else blocks.
#[derive(Clone, Debug, Default)]
pub struct Prefork {
    config: Config,
}

impl Prefork {
    /// A server with these settings.
    pub fn new(config: Config) -> Prefork {
        Prefork { config }
    }

    /// The facts of this server.
    pub fn info(&self) -> ServerInfo {
        let mut info = ServerInfo::default();
        info.software = concat!("rgi-prefork/", env!("CARGO_PKG_VERSION"));
        info.multithread = false;
        info.multiprocess = self.config.multiprocess;
        info.process = self.config.process;
        info.reentrant = false;
        info.may_block = true;
        info.sendfile = true;
        info.informational = true;
        info.trailers = true;
        info.upgrade = true;
        // To gather a body is to read it before the application does.
        info.lazy_continue = self.config.buffer_body == 0;
        info.told_of_disconnect = true;
        info
    }
}

impl<L: LocalLifespan> Server<L> for Prefork {
    fn serve(self, lifespan: L, listeners: Vec<Listener>, stop: Stop) -> Result<(), Error> {
        let info = self.info();
        let config = Arc::new(self.config);
        let reactor = Reactor::exclusive(listeners, &config, &stop)?;
        let mut host = config.host(info.clone(), reactor.timer(), &stop);
        host.gauge = Some(reactor.gauge());
        let worker = Worker::new(info, 0);
        let mut task = Some(|| {
            reactor.enter();
            let app = rt::block_on(lifespan.startup(&worker))?;
            let app = reactor.run(app, host)?;
            rt::block_on(lifespan.shutdown(&app));
            Ok(())
        });
        let mut end = Ok(());
        let mut run = || {
            if let Some(task) = task.take() {
                let task = catch_unwind(AssertUnwindSafe(task));
                end = task.unwrap_or_else(|payload| Err(Error::panic(payload)));
            }
        };
        match &config.around {
            Some(around) => around(&mut run),
            None => run(),
        }
        end
    }
}
