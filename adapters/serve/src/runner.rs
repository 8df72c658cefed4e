//! The program around a server.

use std::fmt;
use std::io::{self, Write};

use rgi_core::server::{Config, Level, Stop};
use rgi_core::{App, Error, IntoLifespan, LocalLifespan};
use rgi_prefork::Hooks;

use crate::announce::Announced;
use crate::listen::Sockets;
use crate::logs::Logs;
use crate::server::Offered;
use crate::settings::{Bad, Gathered, Overrides, Settings, option_methods};
use crate::signals::Signals;
use crate::site::{Site, Worker};
use crate::source::Source;
use crate::{Exit, limit, manager, supervised};

/// Runs an application with presets of the program's own.
///
/// Each method is the option of the same name; the configuration file, the environment and the
/// command line are stronger, in this order.
///
/// ```no_run
/// # use rgi_core::{Environ, Full, StartResponse, StatusCode, app_fn};
/// # fn hello(_: Environ, start_response: StartResponse) -> Full {
/// #     start_response.start(StatusCode::OK).empty()
/// # }
/// fn main() -> rgi_serve::Exit {
///     rgi_serve::Runner::new()
///         .version(env!("CARGO_PKG_VERSION"))
///         .bind("127.0.0.1:9000")
///         .threads(2)
///         .var("greeting", "Hello")
///         .run(app_fn(hello))
/// }
/// ```
#[derive(Default)]
pub struct Runner {
    overrides: Overrides,
    vars: Vec<(String, String)>,
    hooks: Option<Box<dyn Hooks>>,
    #[cfg(feature = "tokio")]
    tokio: bool,
}

impl Runner {
    /// No presets.
    pub fn new() -> Runner {
        Runner::default()
    }

    option_methods!(overrides);

    /// The version of the program, for `--version`.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Runner {
        self.overrides.set_version(version);
        self
    }

    /// Adds a value that the application reads with `environ.var(name)`.
    #[must_use]
    pub fn var(mut self, name: impl Into<String>, value: impl Into<String>) -> Runner {
        self.vars.push((name.into(), value.into()));
        self
    }

    /// Has these called at turns of the lives of worker processes, where there are some.
    #[must_use]
    pub fn hooks(mut self, hooks: impl Hooks + 'static) -> Runner {
        self.hooks = Some(Box::new(hooks));
        self
    }

    /// Makes tokio's sockets, timers and `spawn` work on every thread that runs the application,
    /// whatever the server.
    ///
    /// `evented`, `threaded` and `prefork` have no tokio: a runtime of one thread is started beside
    /// them and entered wherever the application runs. `coroutine` and `actix` are on tokio
    /// themselves, so nothing more is started.
    #[cfg(feature = "tokio")]
    #[must_use]
    pub fn tokio(mut self) -> Runner {
        self.tokio = true;
        self
    }

    /// Serves `app` until a signal ends it: as [`main`](crate::main()).
    pub fn run<Marker, T>(self, app: T) -> Exit
    where
        T: IntoLifespan<Marker>,
        T::Lifespan: Send + Sync + 'static,
        <T::Lifespan as LocalLifespan>::App: Send + Sync + 'static,
        <<T::Lifespan as LocalLifespan>::App as App>::Body: Send + 'static,
    {
        self.start(app.into_lifespan(), Offered::ALL)
    }

    /// Serves `app` until a signal ends it: as [`main_local`](crate::main_local()).
    pub fn run_local<Marker, T>(self, app: T) -> Exit
    where
        T: IntoLifespan<Marker>,
        T::Lifespan: Send + Sync + 'static,
        <T::Lifespan as LocalLifespan>::App: 'static,
        <<T::Lifespan as LocalLifespan>::App as App>::Body: 'static,
    {
        // With no server there is nothing to refuse at run time: the program is never built.
        const {
            assert!(
                !Offered::<Announced<T::Lifespan>>::LOCAL.is_empty(),
                "no server of this build keeps an application on its thread: switch on the \
                 feature `evented`, `prefork` or `actix` of rgi-serve"
            );
        }
        self.start(app.into_lifespan(), Offered::LOCAL)
    }

    /// Does what the settings say, on one of `servers`.
    fn start<L>(self, lifespan: L, servers: &'static [Offered<Announced<L>>]) -> Exit {
        let source = Source::of_this_process(self.overrides, servers);
        let (settings, warnings) = match source.gather() {
            Ok(Gathered::Run(settings, warnings)) => (settings, warnings),
            Ok(Gathered::Help(text) | Gathered::Version(text) | Gathered::PrintConfig(text)) => {
                return print(&text);
            }
            Err(bad) => return refuse(&source.program, &bad),
        };
        let logs = match Logs::open(&settings) {
            Ok(logs) => logs,
            Err(bad) => return refuse(&source.program, &bad),
        };
        let log = logs.log();
        for warning in warnings {
            log.log(Level::Warn, format_args!("{warning}"));
        }
        let limit = limit::raise();
        log.log(Level::Debug, format_args!("file descriptors: {limit}"));
        let site = Site {
            vars: self.vars,
            #[cfg(feature = "tokio")]
            tokio: self.tokio,
        };
        let served = match settings.processes {
            0 => serve(&settings, &source, site, lifespan, &logs),
            _ => supervised::serve(settings, &source, site, lifespan, self.hooks, logs),
        };
        match served {
            Ok(()) => {
                log.log(Level::Info, format_args!("stopped"));
                Exit::Done
            }
            Err(Unserved::Refused(bad)) => refuse(&source.program, &bad),
            Err(Unserved::NotStarted) => Exit::Failed,
            Err(Unserved::Failed(error)) => {
                log.log(Level::Error, format_args!("failed: {error}"));
                Exit::Failed
            }
        }
    }
}

/// Why a run ended otherwise than by an order to stop.
pub(crate) enum Unserved {
    /// A setting does not hold.
    Refused(Bad),
    /// Workers did not start. The log has said why.
    NotStarted,
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Unserved {
    fn from(error: E) -> Unserved {
        Unserved::Failed(error.into())
    }
}

/// Serves in this process.
fn serve<L>(
    settings: &Settings,
    source: &Source<L>,
    site: Site,
    lifespan: L,
    logs: &Logs,
) -> Result<(), Unserved> {
    let stop = Stop::new();
    // Before the sockets: a signal must not leave one of their files behind.
    let _signals = Signals::watch(stop.clone(), logs.clone(), settings.graceful_timeout)?;
    let sockets = Sockets::open(&settings.bind, settings.backlog, &Sockets::default());
    let sockets = sockets.map_err(Unserved::Refused)?;
    let model = source.server(settings).model(0, settings.threads);
    let news = sockets.urls().map(|url| format!("serving {url} ({model})"));
    let news: Vec<_> = news.collect();
    let teller = logs.log();
    let ready = Box::new(move || {
        for line in &news {
            teller.log(Level::Info, format_args!("{line}"));
        }
        manager::ready();
    });
    let watchdog = manager::Watchdog::start()?;
    let listeners = sockets.listeners()?;
    let worker = Worker {
        lifespan,
        listeners,
        stop,
        quota: None,
        ready,
    };
    let with = |mut config: Config| {
        config.pulse = watchdog.pulse();
        config
    };
    Ok(site.work(settings, source, worker, logs, with)?)
}

/// A reader that has seen enough (`| head`) is no failure.
fn print(text: &str) -> Exit {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
    Exit::Done
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("overrides", &self.overrides)
            .field("vars", &self.vars)
            .finish_non_exhaustive()
    }
}

/// Not in the log, which has no settings yet: what a person reads who just typed a command.
fn refuse(program: &str, why: &dyn fmt::Display) -> Exit {
    let _ = writeln!(io::stderr().lock(), "{program}: {why}");
    Exit::Refused
}
