//! Signals that end a run, and the one that opens its logs anew.

use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{fs, io};

use rgi_core::Error;
use rgi_core::server::{Level, Stop};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1};
use signal_hook::iterator::{Handle, Signals as Iter};
use signal_hook::low_level::emulate_default_handler;

use crate::logs::Logs;
use crate::manager;

/// Watches for signals until it is dropped.
pub(crate) struct Signals {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Signals {
    /// USR1 opens the logs anew. Of the others the first stops gracefully, the second at once, and
    /// the third as if nobody watched.
    pub(crate) fn watch(
        stop: Stop,
        logs: Logs,
        graceful_timeout: Option<Duration>,
    ) -> Result<Signals, Error> {
        let mut watched = vec![SIGTERM, SIGINT, SIGUSR1];
        if !is_ignored(SIGHUP) {
            watched.push(SIGHUP);
        }
        let log = logs.log();
        Signals::each(&watched, move |signal| {
            if signal == SIGUSR1 {
                logs.reopen();
                log.log(Level::Info, format_args!("log files opened anew"));
            } else if stop.is_now() {
                let _ = emulate_default_handler(signal);
            } else if stop.is_told() {
                log.log(Level::Info, format_args!("stopping at once"));
                stop.now();
            } else {
                log.log(Level::Info, format_args!("{}", stopping(graceful_timeout)));
                manager::stopping();
                stop.graceful();
            }
        })
    }

    /// What a master tells its worker: TERM stops gracefully, INT and QUIT at once. USR1 opens
    /// the logs anew, of which the master tells. HUP, which a terminal sends to all, is the master's.
    pub(crate) fn watch_master(stop: Stop, logs: Logs) -> Result<Signals, Error> {
        let watched = [SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1];
        Signals::each(&watched, move |signal| match signal {
            SIGTERM => stop.graceful(),
            SIGINT | SIGQUIT => stop.now(),
            SIGUSR1 => logs.reopen(),
            _ => {}
        })
    }

    /// Calls `heard` for each signal, on a thread of its own.
    fn each(
        watched: &[i32],
        mut heard: impl FnMut(i32) + Send + 'static,
    ) -> Result<Signals, Error> {
        let mut signals = Iter::new(watched)?;
        let handle = signals.handle();
        let thread = thread::Builder::new().name("signals".to_owned());
        let thread = thread.spawn(move || signals.forever().for_each(&mut heard))?;
        Ok(Signals {
            handle,
            thread: Some(thread),
        })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn stopping(graceful_timeout: Option<Duration>) -> String {
    let limit = graceful_timeout.map_or_else(String::new, |limit| format!(" up to {limit:?}"));
    format!("stopping: waiting{limit} for open requests; once more to stop at once")
}

/// Whether this process was started to ignore a signal, as `nohup` starts it for HUP. Systems
/// without `/proc` do not say.
fn is_ignored(signal: i32) -> bool {
    let mask = || -> io::Result<Option<u64>> {
        let status = fs::read_to_string("/proc/self/status")?;
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        Ok(mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()))
    };
    matches!(mask(), Ok(Some(mask)) if mask & (1 << (signal - 1)) != 0)
}
