//! Servers of this process.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::thread::JoinHandle;

use rgi_core::Error;
use rgi_core::server::{Config, Level, Listener, Log, Stop};
use tempfile::TempDir;

use crate::client::{Connection, Target};
use crate::{Case, Remote, Site, SiteLifespan};

/// Serves the site until it is told to stop: what a server's author gives to [`suite!`](crate::suite).
pub type Serve = fn(Config, SiteLifespan, Vec<Listener>, Stop) -> Result<(), Error>;

/// A server of this process, with a socket of its own. Dropped it stops.
#[derive(Debug)]
pub struct Local {
    remote: Remote,
    /// Where a Unix socket is.
    _folder: Option<TempDir>,
    stop: Stop,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

impl Local {
    /// Starts a server for a case, with few threads and the case's settings: the site at the root on a
    /// port of TCP, or under the prefix `root` on a Unix socket, so that cases are tried on both.
    ///
    /// # Panics
    ///
    /// If there is no port, or no place for the socket.
    pub fn start(serve: Serve, case: &str, root: &str) -> Local {
        Local::with(serve, Site::new(), settings(case, root))
    }

    /// Starts a server with these settings, for a site of one's own making: [`Site::with`]. At the root it
    /// listens on TCP, under a prefix on a Unix socket.
    ///
    /// # Panics
    ///
    /// If there is no port, or no place for the socket.
    pub fn with(serve: Serve, site: Site, config: Config) -> Local {
        let (listener, remote, folder) = match config.script_name.is_empty() {
            true => on_tcp(&config.script_name),
            false => on_unix(&config.script_name),
        }
        .expect("a socket to listen at");
        let stop = Stop::new();
        let told = stop.clone();
        let site = SiteLifespan::from(site);
        Local {
            remote,
            _folder: folder,
            stop,
            thread: Some(std::thread::spawn(move || {
                serve(config, site, vec![listener], told)
            })),
        }
    }

    /// Where it listens.
    pub fn remote(&self) -> &Remote {
        &self.remote
    }
}

fn on_tcp(root: &str) -> io::Result<(Listener, Remote, Option<TempDir>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let remote = Remote::tcp(listener.local_addr()?, root)?;
    Ok((Listener::Tcp(listener), remote, None))
}

fn on_unix(root: &str) -> io::Result<(Listener, Remote, Option<TempDir>)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path)?;
    Ok((
        Listener::Unix(listener),
        Remote::unix(path, root),
        Some(folder),
    ))
}

/// The settings of a case, the site under `root`: few threads and no log, but where the case wants
/// them otherwise. For who serves the [`Site`](crate::Site) for a case in another way than by
/// [`Local`].
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
        self.remote.connect()
    }

    fn root(&self) -> &str {
        self.remote.root()
    }

    fn is_tcp(&self) -> bool {
        self.remote.is_tcp()
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
