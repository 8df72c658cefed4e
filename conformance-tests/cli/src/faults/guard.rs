//! The end of everything that was started when this command is told to end.

use std::fs;
use std::process;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

use super::setup::Setup;
use super::testbed;
use crate::Error;

/// Watches for TERM, INT and HUP until it is dropped.
pub(super) struct Guard(Handle);

/// Has a signal end what `setup` has started, remove its folder, and end this process.
pub(super) fn watch(setup: &Setup) -> Result<Guard, Error> {
    let failed = |error| Error::usage(format!("cannot watch for signals: {error}"));
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP]).map_err(failed)?;
    let handle = signals.handle();
    let (mark, folder) = (setup.mark.clone(), setup.folder().to_owned());
    let thread = thread::Builder::new().name("signals".into());
    let watching = thread.spawn(move || {
        if let Some(signal) = signals.forever().next() {
            testbed::end(&mark);
            let _ = fs::remove_dir_all(folder);
            process::exit(128 + signal);
        }
    });
    watching.map_err(failed)?;
    Ok(Guard(handle))
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.close();
    }
}
