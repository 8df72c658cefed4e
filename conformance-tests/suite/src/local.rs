//! Servers of this process.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use rgi_core::server::{Config, Level, Listener, Log, Stop};
use rgi_core::{Error, Shared};

use crate::client::{Connection, Target, tcp};
use crate::{Case, Site};

/// Serves the site until it is told to stop: what a server's author gives to [`suite!`](crate::suite).
pub type Serve = fn(Config, Shared<Site>, Vec<Listener>, Stop) -> Result<(), Error>;

/// A server of this process, on a port of its own. Dropped it stops.
#[derive(Debug)]
pub struct Local {
    address: SocketAddr,
    root: String,
    stop: Stop,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

impl Local {
    /// Starts a server for a case, with few threads and the case's settings, the site under `root`.
    ///
    /// # Panics
    ///
    /// If there is no port.
    pub fn start(serve: Serve, case: &str, root: &str) -> Local {
        Local::with(serve, Site::new(), settings(case, root))
    }

    /// Starts a server with these settings, for a site of one's own making: [`Site::with`].
    ///
    /// # Panics
    ///
    /// If there is no port.
    pub fn with(serve: Serve, site: Site, config: Config) -> Local {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("a port has an address");
        let root = config.script_name.clone();
        let stop = Stop::new();
        let told = stop.clone();
        let site = rgi_core::IntoLifespan::<rgi_core::marker::IsApp>::into_lifespan(site);
        let listeners = vec![Listener::Tcp(listener)];
        let thread = std::thread::spawn(move || serve(config, site, listeners, told));
        Local {
            address,
            root,
            stop,
            thread: Some(thread),
        }
    }
}

/// The settings of a case, the site under `root`: few threads and no log, but where the case wants
/// them otherwise. For who serves the [`Site`] for a case in another way than by [`Local`].
pub fn settings(case: &str, root: &str) -> Config {
    settings_of(crate::case::case(case), root)
}

/// The settings of a case of one's own, as [`settings`].
fn settings_of(case: Option<&Case>, root: &str) -> Config {
    let mut config = Config::default();
    config.threads = 1;
    config.blocking_threads = 4;
    root.clone_into(&mut config.script_name);
    // Much of what is logged is what cases are about.
    config.log = Arc::new(Silence);
    if let Some(change) = case.and_then(|case| case.settings) {
        change(&mut config);
    }
    config
}

struct Silence;

impl Log for Silence {
    fn log(&self, _: Level, _: fmt::Arguments<'_>) {}
}

impl Target for Local {
    fn connect(&self) -> io::Result<Box<dyn Connection>> {
        tcp(self.address)
    }

    fn root(&self) -> &str {
        &self.root
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.stop.now();
        let Some(thread) = self.thread.take() else {
            return;
        };
        let end = thread.join();
        if !std::thread::panicking() {
            let served = end.expect("the server panicked");
            served.expect("the server failed");
        }
    }
}

impl Case {
    /// The settings a server is started with for it, the site under `root`: as [`settings`].
    pub fn config(&self, root: &str) -> Config {
        settings_of(Some(self), root)
    }

    /// Whether a server that is running already, with the usual settings, can be held to it.
    pub fn runs_anywhere(&self) -> bool {
        self.settings.is_none()
    }
}
