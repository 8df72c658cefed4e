//! How the program is started.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::process::MARK;
use super::setup::{STDERR, Setup};
use super::testbed::{Place, Testbed};

/// A start that is being prepared.
#[derive(Debug)]
pub(super) struct Launch<'a> {
    setup: &'a Setup,
    processes: usize,
    binds: bool,
    script: String,
    arguments: Vec<OsString>,
    variables: Vec<(&'static str, OsString)>,
    stdin: Option<OwnedFd>,
    logs_to: Option<PathBuf>,
    is_wrapped: bool,
    place: Place,
}

impl<'a> Launch<'a> {
    pub(super) fn new(setup: &'a Setup, number: usize) -> Launch<'a> {
        let folder = setup.folder().join(number.to_string());
        Launch {
            setup,
            processes: setup.processes,
            binds: true,
            script: "exec \"$0\" \"$@\"".into(),
            arguments: Vec::new(),
            variables: Vec::new(),
            stdin: None,
            logs_to: None,
            is_wrapped: false,
            place: Place {
                folder,
                mark: format!("{}{number}.", setup.mark),
            },
        }
    }

    /// A file of the row's own, in the program's folder.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.place.folder.join(name)
    }

    /// Makes the folder, for who has something to put there before the start.
    pub(super) fn make_folder(&self) -> Result<(), String> {
        let run = self.place.run();
        fs::create_dir_all(&run).map_err(|error| cannot_make(&run, &error))
    }

    pub(super) fn processes(mut self, processes: usize) -> Self {
        self.processes = processes;
        self
    }

    pub(super) fn option(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.arguments.extend([name.into(), value.into()]);
        self
    }

    pub(super) fn variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// A script of `sh` that ends in `exec "$0" "$@"`.
    pub(super) fn script(mut self, script: &str) -> Self {
        script.clone_into(&mut self.script);
        self
    }

    /// The script stays, and the program is its only child.
    pub(super) fn wrapped(mut self) -> Self {
        self.is_wrapped = true;
        self
    }

    /// Its log is this file, instead of what standard error is sent to.
    pub(super) fn logs_to(mut self, path: PathBuf) -> Self {
        self.logs_to = Some(path.clone());
        self.option("--log-file", path)
    }

    /// This socket is its standard input, and it is told of no address to listen at.
    pub(super) fn socket(mut self, socket: OwnedFd) -> Self {
        self.stdin = Some(socket);
        self.binds = false;
        self
    }

    /// Takes the place of one that is gone, with the files it left.
    pub(super) fn at(mut self, place: &Place) -> Self {
        self.place = place.clone();
        self
    }

    /// Starts the program, and waits until it serves.
    ///
    /// # Errors
    ///
    /// If it does not, with the end of its log.
    pub(super) fn start(self) -> Result<Testbed, String> {
        let (command, log) = self.prepare()?;
        let log = self.logs_to.clone().unwrap_or(log);
        let (place, processes) = (self.place.clone(), self.processes);
        let rate = self.setup.rate;
        Testbed::start(command, place, log, processes, rate, self.is_wrapped)
    }

    /// The command, and the file that its standard error goes to.
    pub(super) fn prepare(&self) -> Result<(Command, PathBuf), String> {
        self.make_folder()?;
        let path = self.file(STDERR);
        let log = File::create(&path).map_err(|error| cannot_make(&path, &error))?;
        let mut command = Command::new("sh");
        command.arg("-c").arg(&self.script).arg(&self.setup.program);
        command.args(["--server", &self.setup.server, "--lint"]);
        if self.binds {
            let socket = format!("unix:{}", self.place.socket().display());
            command.args(["--bind", "127.0.0.1:0", "--bind", &socket]);
        }
        if self.processes > 0 {
            command.arg("--processes").arg(self.processes.to_string());
            command.arg("--pid-file").arg(self.place.pid_file());
        }
        if let Some(threads) = self.setup.threads {
            command.arg("--threads").arg(threads.to_string());
        }
        command.args(&self.arguments);
        // Settings of whoever runs this command are not the program's.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("RGI_") {
                command.env_remove(name);
            }
        }
        command.env(MARK, &self.place.mark);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdout(Stdio::null()).stderr(log);
        match &self.stdin {
            Some(socket) => {
                let socket = socket.try_clone().map_err(|error| error.to_string())?;
                command.stdin(socket);
            }
            None => {
                command.stdin(Stdio::null());
            }
        }
        Ok((command, path))
    }
}

fn cannot_make(path: &Path, error: &io::Error) -> String {
    format!("cannot make {}: {error}", path.display())
}
