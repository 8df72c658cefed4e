//! How the command ends.

use std::io::Write;
use std::process::{ExitCode, Termination};

/// What the command found, as an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything passed: code 0.
    Passed,
    /// Something failed: code 1.
    Failed,
    /// The command line or a file is wrong: code 2.
    Usage,
    /// The server cannot be reached: code 3.
    Unreachable,
}

impl Exit {
    /// The process exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Passed => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Unreachable => 3,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        self.code().into()
    }
}

/// Writes `text` to standard output. A reader that has seen enough (`| head`) is no failure, and
/// the exit code says the rest.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}
