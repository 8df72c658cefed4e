//! The program, and a start that fails when it is told to.

use std::fs;
use std::sync::Arc;

use rgi_core::{Error, Worker};
use rgi_serve::{Exit, Runner};

use crate::app;

/// Names a file. While it is there, no application starts.
const FAIL_START: &str = "TESTBED_FAIL_START";

/// Serves the testbed until a signal ends it, with the settings of the command line, the environment
/// and the configuration file.
///
/// The variable `TESTBED_FAIL_START` names a file. While it is there, no application starts, which
/// shows what becomes of a deployment that fails.
pub fn serve() -> Exit {
    // One for all threads: the cases of the suite watch a server as a whole.
    let app = Arc::new(app());
    Runner::new()
        .version(env!("CARGO_PKG_VERSION"))
        .tokio()
        .run(move |_: &Worker| {
            may_start()?;
            Ok(Arc::clone(&app))
        })
}

/// Fails with what is in the file, if it is there. If that is `abort`, the process aborts.
fn may_start() -> Result<(), Error> {
    let Some(path) = std::env::var_os(FAIL_START) else {
        return Ok(());
    };
    match fs::read_to_string(&path) {
        Ok(text) if text.trim() == "abort" => std::process::abort(),
        Ok(text) => Err(Error::new(format!("{path:?} says: {}", text.trim()))),
        Err(_) => Ok(()),
    }
}
