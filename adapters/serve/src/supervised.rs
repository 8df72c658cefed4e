//! The program under a master: one server in each worker process.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rgi_core::server::{Config, Level, Log, Stop};
use rgi_prefork::{
    Ended, Hooks, Identity, News, Options, Program, Succession, Supervisor, WorkerProcess,
};

use crate::listen::Sockets;
use crate::logs::Logs;
use crate::manager;
use crate::quota::Quota;
use crate::runner::Unserved;
use crate::settings::{Bad, Gathered, Settings};
use crate::signals::Signals;
use crate::site::{Site, Worker};
use crate::source::Source;

/// What one generation of workers is made from.
struct Plan {
    settings: Settings,
    sockets: Sockets,
    identity: Identity,
    logs: Logs,
}

struct Supervised<'a, L: 'static> {
    source: &'a Source<L>,
    /// The master's own.
    log: Arc<dyn Log>,
    /// Taken by the worker that this process becomes.
    lifespan: Option<(L, Site)>,
    /// The addresses that the log has named.
    named: Vec<String>,
}

/// Serves in worker processes until a signal ends the master.
pub(crate) fn serve<L>(
    settings: Settings,
    source: &Source<L>,
    site: Site,
    lifespan: L,
    hooks: Option<Box<dyn Hooks>>,
    logs: Logs,
) -> Result<(), Unserved> {
    let inherited = match &source.inheritance {
        Some(inheritance) => Sockets::inherit(&inheritance.sockets)?,
        None => Sockets::default(),
    };
    let pid_file = settings.pid_file.clone();
    let log = logs.log();
    let mut supervisor = Supervisor::new(log.clone())
        .pid_file(pid_file)
        .predecessor(source.inheritance.as_ref().map(|it| it.predecessor));
    if let Some(hooks) = hooks {
        supervisor = supervisor.hooks(hooks);
    }
    let plan = Plan::new(settings, &inherited, logs).map_err(Unserved::Refused)?;
    drop(inherited);
    let mut supervised = Supervised {
        source,
        log,
        lifespan: Some((lifespan, site)),
        named: Vec::new(),
    };
    match supervisor.run(&mut supervised, plan)? {
        Ended::Stopped => Ok(()),
        Ended::NotStarted => Err(Unserved::NotStarted),
    }
}

impl Plan {
    /// Looks up and opens what the settings name.
    fn new(settings: Settings, before: &Sockets, logs: Logs) -> Result<Plan, Bad> {
        let identity = Identity::find(settings.user.as_deref(), settings.group.as_deref());
        let identity = identity.map_err(Bad::new)?;
        logs.give_to(identity.uid(), identity.gid());
        Ok(Plan {
            identity,
            sockets: Sockets::open(&settings.bind, settings.backlog, before)?,
            logs,
            settings,
        })
    }
}

impl<L> Program for Supervised<'_, L> {
    type Plan = Plan;

    fn work(&mut self, plan: &Plan, process: &WorkerProcess) -> u8 {
        let settings = &plan.settings;
        let log = plan.logs.log();
        let Some((lifespan, site)) = self.lifespan.take() else {
            unreachable!("a worker works once");
        };
        let stop = Stop::new();
        let work = || {
            let _signals = Signals::watch_master(stop.clone(), plan.logs.clone())?;
            process.release_signals()?;
            process.watch(stop.clone())?;
            let quota = settings.max_requests.map(|requests| {
                let process = process.clone();
                Quota::new(requests, settings.max_requests_jitter, move || {
                    process.retire()
                })
            });
            let ready = process.clone();
            let worker = Worker {
                lifespan,
                listeners: plan.sockets.listeners()?,
                stop: stop.clone(),
                quota,
                ready: Box::new(move || ready.ready()),
            };
            let with = |mut config: Config| {
                config.multiprocess = true;
                config.process = Some(process.index());
                config.pulse = Some(process.pulse());
                config
            };
            site.work(settings, self.source, worker, &plan.logs, with)
        };
        match work() {
            Ok(()) => 0,
            Err(error) => {
                log.log(Level::Error, format_args!("failed: {error}"));
                1
            }
        }
    }

    fn options(&self, plan: &Plan) -> Options {
        let settings = &plan.settings;
        let mut options = Options::default();
        options.processes = settings.processes;
        options.graceful_timeout = settings.graceful_timeout;
        options.worker_timeout = settings.worker_timeout;
        options.max_lifetime = settings.max_worker_lifetime;
        options.max_memory = settings.max_worker_memory;
        options.identity = plan.identity.clone();
        options
    }

    fn reload(&mut self, plan: &Plan) -> Result<Plan, String> {
        let settings = match self.source.gather() {
            Ok(Gathered::Run(settings, warnings)) => {
                for warning in warnings {
                    self.log.log(Level::Warn, format_args!("{warning}"));
                }
                settings
            }
            Ok(_) => return Err("the command line asks for an answer".to_owned()),
            Err(bad) => return Err(bad.to_string()),
        };
        if settings.processes == 0 {
            return Err("processes: 0 takes a restart".to_owned());
        }
        if settings.pid_file != plan.settings.pid_file {
            return Err("pid-file: another file takes a restart".to_owned());
        }
        if settings.log_file != plan.settings.log_file {
            return Err("log-file: another file takes a restart".to_owned());
        }
        let logs = plan.logs.again(&settings).map_err(|bad| bad.to_string())?;
        Plan::new(settings, &plan.sockets, logs).map_err(|bad| bad.to_string())
    }

    fn reopen_logs(&mut self, plan: &Plan) {
        plan.logs.reopen();
        // Before the workers do so, too.
        plan.logs.give_to(plan.identity.uid(), plan.identity.gid());
    }

    fn succession(&mut self, plan: &Plan) -> Result<Succession, String> {
        let (program, args) = match self.source.args() {
            [program, args @ ..] => (program, args),
            [] => return Err("this process does not know what it was started as".to_owned()),
        };
        let mut command = Command::new(program);
        command.args(args);
        let mut succession = Succession::new(command);
        for bound in plan.sockets.iter() {
            let passed = succession.pass(&bound.bind, bound);
            passed.map_err(|error| format!("{}: {error}", bound.bind))?;
        }
        Ok(succession)
    }

    fn tell(&mut self, plan: &Plan, news: News) {
        match news {
            News::Ready => {
                self.name(plan);
                manager::ready();
            }
            News::Reloading => manager::reloading(),
            News::Stopping => manager::stopping(),
            // The manager hears of the successor by itself.
            News::Succeeded => plan.sockets.leave_files(),
            News::Alive => manager::alive(),
            _ => {}
        }
    }

    fn watchdog(&self) -> Option<Duration> {
        manager::watchdog()
    }
}

impl<L> Supervised<'_, L> {
    /// Says where the workers serve, unless it was said already.
    fn name(&mut self, plan: &Plan) {
        let settings = &plan.settings;
        let server = self.source.server(settings);
        let model = server.model(settings.processes, settings.threads);
        let urls = plan.sockets.urls();
        let lines: Vec<_> = urls.map(|url| format!("serving {url} ({model})")).collect();
        if lines != self.named {
            for line in &lines {
                self.log.log(Level::Info, format_args!("{line}"));
            }
            self.named = lines;
        }
    }
}
