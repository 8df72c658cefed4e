//! How a run ends.

use std::process::{ExitCode, Termination};

/// How a run ended, as the exit code of the program that returns it from `main`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "return it from `main`"]
pub enum Exit {
    /// It served until it was told to stop, or printed what it was asked for: code 0.
    Done,
    /// The server failed, or the application did not start; the log says why: code 1.
    Failed,
    /// A setting does not hold, or an address cannot be listened at; one line on standard error
    /// says why: code 2.
    Refused,
}

impl Exit {
    /// The process exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Refused => 2,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        self.code().into()
    }
}
