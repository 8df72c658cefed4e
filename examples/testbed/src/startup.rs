//! A start that fails when it is told to.

use std::fs;

use rgi_core::Error;

/// Names a file. While it is there, no application starts.
const FAIL_START: &str = "TESTBED_FAIL_START";

/// Whether an application may start, which a server's operator can prevent to see what becomes of a
/// deployment that fails.
///
/// The variable `TESTBED_FAIL_START` names a file. While it is there, the start fails with what is
/// in it; if that is `abort`, the process aborts.
///
/// # Errors
///
/// If the file is there, with the text in it.
pub fn startup() -> Result<(), Error> {
    let Some(path) = std::env::var_os(FAIL_START) else {
        return Ok(());
    };
    match fs::read_to_string(&path) {
        Ok(text) if text.trim() == "abort" => std::process::abort(),
        Ok(text) => Err(Error::new(format!("{path:?} says: {}", text.trim()))),
        Err(_) => Ok(()),
    }
}
