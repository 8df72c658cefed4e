//! Servers under the supervisor: a process of this very command for each case, whose worker serves
//! it.
//!
//! A master has one thread, and this process has more; so it starts itself again, with the hidden
//! command [`COMMAND`], which becomes the master.

use std::env;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rgi_conformance::{Case, Connection, Remote, Serve, SiteLifespan, Target};
use rgi_core::server::{Config, Listener, Stop};
use rgi_prefork::{Ended, News, Options, Program, Succession, Supervisor, WorkerProcess};
use rustix::process::{Pid, Signal, kill_process};

use super::columns::SERVERS;
use super::{every, site};
use crate::{Error, Exit};

/// `COMMAND SERVER CASE ROOT` says where it serves, and serves until it is told to stop.
pub(crate) const COMMAND: &str = "serve-case";

/// A master with one worker, on a port of its own. Dropped it stops.
pub(super) struct Supervised {
    master: Child,
    remote: Remote,
}

impl Supervised {
    /// Starts one for a case, the site under `root`.
    pub(super) fn start(server: &str, case: &Case, root: &str) -> io::Result<Supervised> {
        let mut master = Command::new(env::current_exe()?)
            .args([COMMAND, server, case.name, root])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut address = String::new();
        if let Some(said) = master.stdout.take() {
            BufReader::new(said).read_line(&mut address)?;
        }
        // The settings of a case may move the site.
        let remote = Remote::tcp(address.trim(), &case.config(root).script_name)?;
        Ok(Supervised { master, remote })
    }
}

impl Target for Supervised {
    fn connect(&self) -> io::Result<Box<dyn Connection>> {
        self.remote.connect()
    }

    fn root(&self) -> &str {
        self.remote.root()
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.master), Signal::QUIT);
        let _ = self.master.wait();
    }
}

/// The command that becomes a master.
pub(crate) fn serve_case(mut parser: lexopt::Parser) -> Result<Exit, Error> {
    let mut value = || parser.value().map(OsString::into_string).map(Result::ok);
    let (Ok(Some(server)), Ok(Some(case)), Ok(Some(root))) = (value(), value(), value()) else {
        return Err(Error::usage(format!("{COMMAND}: SERVER CASE ROOT")));
    };
    let Some((_, serve)) = SERVERS.iter().find(|(name, _)| *name == server) else {
        return Err(Error::usage(format!("no server is called '{server}'")));
    };
    let Some(case) = every().find(|it| it.name == case) else {
        return Err(Error::usage(format!("no case is called '{case}'")));
    };
    let served = || {
        let config = case.config(&root);
        let plan = Plan {
            listener: TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
            graceful_timeout: config.graceful_timeout,
        };
        let mut one = One {
            serve: *serve,
            config,
        };
        Supervisor::new(one.config.log.clone()).run(&mut one, plan)
    };
    match served() {
        Ok(Ended::Stopped) => Ok(Exit::Passed),
        Ok(Ended::NotStarted) => Ok(Exit::Failed),
        Err(error) => Err(Error::unreachable(error.to_string())),
    }
}

struct Plan {
    listener: TcpListener,
    graceful_timeout: Option<Duration>,
}

/// The site on one server, with the settings of one case.
struct One {
    serve: Serve,
    config: Config,
}

impl Program for One {
    type Plan = Plan;

    fn work(&mut self, plan: &Plan, worker: &WorkerProcess) -> u8 {
        let stop = Stop::new();
        let mut config = self.config.clone();
        config.multiprocess = true;
        config.pulse = Some(worker.pulse());
        let served = || {
            // Whoever tells this process to stop wants it gone: its signals have their usual effect.
            worker.release_signals()?;
            worker.watch(stop.clone())?;
            let listeners = vec![Listener::Tcp(plan.listener.try_clone()?)];
            let site = SiteLifespan::from(site());
            worker.ready();
            (self.serve)(config, site, listeners, stop.clone())
        };
        match served() {
            Ok(()) => 0,
            Err(_) => 1,
        }
    }

    fn options(&self, plan: &Plan) -> Options {
        let mut options = Options::default();
        options.graceful_timeout = plan.graceful_timeout;
        options
    }

    fn reload(&mut self, _: &Plan) -> Result<Plan, String> {
        Err("a case has one plan".to_owned())
    }

    fn reopen_logs(&mut self, _: &Plan) {}

    fn succession(&mut self, _: &Plan) -> Result<Succession, String> {
        Err("a case has no successor".to_owned())
    }

    fn tell(&mut self, plan: &Plan, news: News) {
        if news == News::Ready
            && let Ok(address) = plan.listener.local_addr()
        {
            let mut out = io::stdout().lock();
            let _ = writeln!(out, "{address}");
            let _ = out.flush();
        }
    }
}
