//! The program around a server.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use rgi_core::server::{Level, Log, Stop};
use rgi_core::{App, Error, IntoLifespan, LocalLifespan};

use crate::announce::Announced;
use crate::config::config;
use crate::listen::Sockets;
use crate::log::Lines;
#[cfg(feature = "tokio")]
use crate::runtime::Beside;
use crate::server::Offered;
use crate::settings::{Gathered, Overrides, ServerKind, Settings, option_methods, program_name};
use crate::signals::Signals;
use crate::watched::Watch;
use crate::{Exit, limit};

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
#[derive(Clone, Debug, Default)]
pub struct Runner {
    overrides: Overrides,
    vars: Vec<(String, String)>,
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

    /// Makes tokio's sockets, timers and `spawn` work on every thread that runs the application,
    /// whatever the server.
    ///
    /// `evented` and `prefork` have no tokio: a runtime of one thread is started beside them and
    /// entered wherever the application runs. `coroutine` is on tokio itself, so nothing more is
    /// started.
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
                 feature `evented` or `prefork` of rgi-serve"
            );
        }
        self.start(app.into_lifespan(), Offered::LOCAL)
    }

    /// Does what the settings say, on one of `servers`.
    fn start<L>(self, lifespan: L, servers: &[Offered<Announced<L>>]) -> Exit {
        let args: Vec<OsString> = std::env::args_os().collect();
        let program = program_name(args.first().cloned());
        let kinds: Vec<ServerKind> = servers.iter().map(|server| server.kind).collect();
        match Settings::gather(&self.overrides, &kinds, args, std::env::vars_os()) {
            Ok(Gathered::Run(settings, warnings)) => {
                let Some(server) = servers.iter().find(|it| it.kind == settings.server) else {
                    unreachable!("settings name a server that was not among those given to them");
                };
                self.serve(&program, &settings, &warnings, lifespan, server)
            }
            Ok(Gathered::Help(text) | Gathered::Version(text) | Gathered::PrintConfig(text)) => {
                print(&text)
            }
            Err(bad) => refuse(&program, &bad),
        }
    }

    fn serve<L>(
        self,
        program: &str,
        settings: &Settings,
        warnings: &[String],
        lifespan: L,
        server: &Offered<Announced<L>>,
    ) -> Exit {
        let log: Arc<dyn Log> = Arc::new(Lines::up_to(settings.log_level));
        for warning in warnings {
            log.log(Level::Warn, format_args!("{warning}"));
        }
        let limit = limit::raise();
        log.log(Level::Debug, format_args!("file descriptors: {limit}"));
        let stop = Stop::new();
        // Before the sockets: a signal must not leave one of their files behind.
        let signals = Signals::watch(stop.clone(), log.clone(), settings.graceful_timeout);
        let sockets = match Sockets::open(&settings.bind, settings.backlog) {
            Ok(sockets) => sockets,
            Err(bad) => return refuse(program, &bad),
        };
        let served = signals.and_then(|_signals| {
            let config = config(settings, self.vars, log.clone());
            #[cfg(feature = "tokio")]
            let beside = if self.tokio {
                Beside::start(server.kind)?
            } else {
                Beside::default()
            };
            #[cfg(feature = "tokio")]
            let config = beside.around(config);
            let model = server.model(settings.threads);
            let news = sockets.urls.iter();
            let news = news.map(|url| format!("serving {url} ({model})")).collect();
            let workers = server.workers(settings.threads);
            let watch = Watch::new(settings.lint);
            let lifespan = Announced::new(lifespan, workers, news, watch, log.clone());
            let served = server.serve(config, lifespan, sockets.listeners, stop);
            drop(sockets.files);
            served
        });
        finish(&*log, served)
    }
}

fn finish(log: &dyn Log, served: Result<(), Error>) -> Exit {
    match served {
        Ok(()) => {
            log.log(Level::Info, format_args!("stopped"));
            Exit::Done
        }
        Err(error) => {
            log.log(Level::Error, format_args!("failed: {error}"));
            Exit::Failed
        }
    }
}

/// A reader that has seen enough (`| head`) is no failure.
fn print(text: &str) -> Exit {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
    Exit::Done
}

/// Not in the log, which has no settings yet: what a person reads who just typed a command.
fn refuse(program: &str, why: &dyn fmt::Display) -> Exit {
    let _ = writeln!(io::stderr().lock(), "{program}: {why}");
    Exit::Refused
}
