//! The master's loop: what is there is compared with what is wanted after every event.
//!
//! The file is long because it is one state machine: events above, the comparison below.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use rgi_core::Error;
use rgi_core::server::Level;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::backoff::Backoff;
use super::child::{Child, State};
use super::fork::fork;
use super::link::{self, Word};
use super::memory;
use super::pid_file::PidFile;
use super::places::Places;
use super::signals::{Heard, Signals};
use super::{Ended, News, Options, Program, Supervisor, WorkerEnd, WorkerProcess};

/// Beyond the time a worker has to stop gracefully, which it keeps itself, before it is killed.
const SLACK: Duration = Duration::from_secs(2);
/// How long a worker that is to stop at once may take.
const QUICK: Duration = Duration::from_secs(1);
/// Between two looks at ages and memory.
const LOOK: Duration = Duration::from_millis(500);
/// Signs of life in a worker's timeout, and the longest and shortest time between two.
const BEATS: u32 = 4;
const SLOWEST: Duration = Duration::from_secs(1);
const FASTEST: Duration = Duration::from_millis(20);

pub(super) struct Master<'a, P: Program> {
    supervisor: Supervisor,
    program: &'a mut P,
    signals: Signals,
    pid_file: Option<PidFile>,
    current: Generation<P::Plan>,
    /// The one that a reload has begun.
    next: Option<Generation<P::Plan>>,
    generations: u64,
    /// The oldest first.
    children: Vec<Child>,
    /// All of the first generation have been ready.
    is_booted: bool,
    stopping: Option<Ended>,
    backoff: Backoff,
    successor: Option<process::Child>,
    looked: Instant,
    barked: Instant,
}

struct Generation<T> {
    number: u64,
    plan: T,
    options: Options,
    /// Workers wanted.
    target: usize,
}

impl<'a, P: Program> Master<'a, P> {
    pub(super) fn new(
        supervisor: Supervisor,
        program: &'a mut P,
        plan: P::Plan,
    ) -> Result<Master<'a, P>, Error> {
        let options = program.options(&plan);
        let now = Instant::now();
        let mut master = Master {
            current: Generation {
                number: 0,
                plan,
                target: options.processes.max(1),
                options,
            },
            supervisor,
            program,
            signals: Signals::hold()?,
            pid_file: None,
            next: None,
            generations: 0,
            children: Vec::new(),
            is_booted: false,
            stopping: None,
            backoff: Backoff::default(),
            successor: None,
            looked: now,
            barked: now,
        };
        // A successor takes the file over when it serves.
        if master.supervisor.predecessor.is_none() {
            master.write_pid_file()?;
        }
        Ok(master)
    }

    pub(super) fn run(mut self) -> Result<Ended, Error> {
        loop {
            self.settle();
            if let Some(ended) = self.stopping.filter(|_| self.children.is_empty()) {
                return Ok(ended);
            }
            self.wait();
            self.hear();
            while let Some(heard) = self.signals.next() {
                self.obey(heard);
            }
            self.bury();
            self.look();
        }
    }

    /// Waits for something to happen, or for the next time something is due.
    fn wait(&self) {
        let now = Instant::now();
        let timeout = self.due(now).map(|at| at.saturating_duration_since(now));
        let timeout = timeout.and_then(|time| Timespec::try_from(time).ok());
        let mut fds = vec![PollFd::new(&self.signals, PollFlags::IN)];
        let links = self.children.iter().filter(|child| !child.hung_up);
        fds.extend(links.map(|child| PollFd::new(&child.link, PollFlags::IN)));
        // An interruption is an event like another.
        let _ = poll(&mut fds, timeout.as_ref());
    }

    fn due(&self, now: Instant) -> Option<Instant> {
        let options = &self.current.options;
        let looks = options.max_lifetime.is_some() || options.max_memory.is_some();
        let look = looks.then_some(self.looked + LOOK);
        let bark = self.program.watchdog().map(|time| self.barked + time);
        let silent = |child: &Child| Some(child.heard + options.worker_timeout?);
        let children = self.children.iter().filter_map(|child| match child.state {
            State::Ready => silent(child),
            State::Stopping(kill) => kill.into_iter().chain(silent(child)).min(),
            State::Booting | State::Killed => None,
        });
        let respawn = self.backoff.wait(now);
        [look, bark, respawn]
            .into_iter()
            .flatten()
            .chain(children)
            .min()
    }

    /// What workers say.
    fn hear(&mut self) {
        let now = Instant::now();
        let log = self.supervisor.log.clone();
        for child in self.children.iter_mut().filter(|child| !child.hung_up) {
            let Some(words) = child.link.hear() else {
                continue;
            };
            if words.is_empty() {
                // Its end is about to be seen, or it gives no sign of life any more.
                child.hung_up = true;
                continue;
            }
            child.heard = now;
            for word in words {
                match word {
                    Word::Ready if child.state == State::Booting => {
                        child.state = State::Ready;
                        log.log(Level::Debug, format_args!("worker {} is ready", child.pid));
                    }
                    Word::Retire => {
                        child.retires.get_or_insert("has served its requests");
                    }
                    Word::Stuck if child.state != State::Killed => {
                        log.log(
                            Level::Error,
                            format_args!(
                                "worker {} is held by a request that takes too long: killed",
                                child.pid
                            ),
                        );
                        child.kill();
                    }
                    Word::Ready | Word::Stuck | Word::Beat => {}
                }
            }
        }
    }

    fn obey(&mut self, heard: Heard) {
        let log = self.supervisor.log.clone();
        let say = |text: &str| log.log(Level::Info, format_args!("{text}"));
        match heard.signal {
            Signal::SIGTERM if self.is_successor(heard.sender) => {
                say("the successor serves: stopping");
                self.successor = None;
                self.pid_file = None;
                self.program.tell(&self.current.plan, News::Succeeded);
                self.stop(Ended::Stopped);
            }
            Signal::SIGTERM if self.stopping.is_none() => {
                self.begin_stop();
                let limit = self.current.options.graceful_timeout;
                let limit = limit.map_or_else(String::new, |limit| format!(" up to {limit:?}"));
                say(&format!(
                    "stopping: waiting{limit} for open requests; once more to stop at once"
                ));
                self.stop(Ended::Stopped);
            }
            Signal::SIGTERM | Signal::SIGINT | Signal::SIGQUIT => {
                if self.stopping.is_none() {
                    self.begin_stop();
                }
                say("stopping at once");
                self.stop(Ended::Stopped);
                self.stop_now();
            }
            _ if self.stopping.is_some() => {}
            Signal::SIGHUP => self.reload(),
            Signal::SIGTTIN => self.scale(1),
            Signal::SIGTTOU => self.scale(-1),
            Signal::SIGUSR1 => {
                for generation in std::iter::once(&self.current).chain(&self.next) {
                    self.program.reopen_logs(&generation.plan);
                }
                for child in &self.children {
                    let _ = kill(child.pid, Signal::SIGUSR1);
                }
                say("log files opened anew");
            }
            Signal::SIGUSR2 => self.succeed(),
            _ => {}
        }
    }

    fn is_successor(&self, pid: u32) -> bool {
        let successor = self.successor.as_ref();
        successor.is_some_and(|successor| successor.id() == pid)
    }

    fn begin_stop(&mut self) {
        self.program.tell(&self.current.plan, News::Stopping);
        // It has not taken over, so it must not go on alone.
        if let Some(successor) = self.successor.take() {
            let _ = kill(Pid::from_raw(successor.id() as i32), Signal::SIGTERM);
        }
    }

    fn stop(&mut self, ended: Ended) {
        self.stopping.get_or_insert(ended);
        let now = Instant::now();
        let patience = patience(&self.current.options);
        for child in &mut self.children {
            child.stop(patience, now);
        }
    }

    fn stop_now(&mut self) {
        let now = Instant::now();
        for child in &mut self.children {
            child.stop_now(QUICK, now);
        }
    }

    /// Begins a reload. One that is under way is given up for it.
    fn reload(&mut self) {
        let log = self.supervisor.log.clone();
        if !self.is_booted {
            log.log(
                Level::Warn,
                format_args!("no reload before all workers have started"),
            );
            return;
        }
        log.log(Level::Info, format_args!("reloading"));
        self.program.tell(&self.current.plan, News::Reloading);
        self.give_up_reload();
        match self.program.reload(&self.current.plan) {
            Ok(plan) => {
                self.generations += 1;
                let options = self.program.options(&plan);
                self.next = Some(Generation {
                    number: self.generations,
                    plan,
                    target: options.processes.max(1),
                    options,
                });
            }
            Err(why) => {
                log.log(
                    Level::Error,
                    format_args!("not reloaded, what was goes on: {why}"),
                );
                self.program.tell(&self.current.plan, News::Ready);
            }
        }
    }

    fn give_up_reload(&mut self) {
        let Some(next) = self.next.take() else {
            return;
        };
        let now = Instant::now();
        let children = self.children.iter_mut();
        for child in children.filter(|child| child.generation == next.number) {
            child.stop_now(QUICK, now);
        }
    }

    fn scale(&mut self, by: isize) {
        let target = self.current.target.saturating_add_signed(by).max(1);
        self.current.target = target;
        self.supervisor
            .log
            .log(Level::Info, format_args!("workers wanted: {target}"));
    }

    /// Starts the program's file as it is now, on the same sockets.
    fn succeed(&mut self) {
        let log = self.supervisor.log.clone();
        if self.successor.is_some() {
            log.log(
                Level::Warn,
                format_args!("a successor is being started already"),
            );
            return;
        }
        let succession = self.program.succession(&self.current.plan);
        let started =
            succession.and_then(|succession| succession.start().map_err(|error| error.to_string()));
        match started {
            Ok(child) => {
                log.log(
                    Level::Info,
                    format_args!("started the successor, process {}", child.id()),
                );
                self.successor = Some(child);
            }
            Err(why) => log.log(
                Level::Error,
                format_args!("no successor, what was goes on: {why}"),
            ),
        }
    }

    /// Takes in who has died: workers, the successor, and for a process 1 anybody.
    fn bury(&mut self) {
        loop {
            let (pid, end) = match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) => (pid, WorkerEnd::Exited(code)),
                Ok(WaitStatus::Signaled(pid, signal, _)) => (pid, WorkerEnd::Killed(signal as i32)),
                Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return,
                Ok(_) | Err(Errno::EINTR) => continue,
                Err(_) => return,
            };
            if let Some(at) = self.children.iter().position(|child| child.pid == pid) {
                let child = self.children.remove(at);
                self.mourn(&child, end);
            } else if self.is_successor(pid.as_raw() as u32) {
                self.successor = None;
                self.supervisor.log.log(
                    Level::Error,
                    format_args!("the successor did not start ({end}): what was goes on"),
                );
            }
        }
    }

    fn mourn(&mut self, child: &Child, end: WorkerEnd) {
        let log = self.supervisor.log.clone();
        let pid = child.pid;
        let hooks = &self.supervisor.hooks;
        hooks.worker_exit(child.index, pid.as_raw() as u32, end);
        match child.state {
            State::Stopping(_) => {
                log.log(Level::Debug, format_args!("worker {pid} has stopped"));
                return;
            }
            State::Killed if self.stopping.is_some() => return,
            State::Killed if self.is_booted => {}
            _ => log.log(Level::Error, format_args!("worker {pid} has died: {end}")),
        }
        if self.is_next(child.generation) && !child.is_ready() {
            log.log(
                Level::Error,
                format_args!("not reloaded: a new worker does not start; the old ones go on"),
            );
            self.give_up_reload();
            self.program.tell(&self.current.plan, News::Ready);
        } else if !self.is_booted && !child.is_ready() {
            self.stop(Ended::NotStarted);
            self.stop_now();
        } else {
            let now = Instant::now();
            self.backoff.note(now - child.born, now);
        }
    }

    fn is_next(&self, generation: u64) -> bool {
        let next = self.next.as_ref();
        next.is_some_and(|next| next.number == generation)
    }

    /// Looks whether anybody has to go.
    fn look(&mut self) {
        let now = Instant::now();
        let log = self.supervisor.log.clone();
        if let Some(time) = self.program.watchdog()
            && now - self.barked >= time
        {
            self.barked = now;
            self.program.tell(&self.current.plan, News::Alive);
        }
        let options = &self.current.options;
        let looks = now - self.looked >= LOOK;
        for child in &mut self.children {
            match child.state {
                State::Stopping(Some(at)) if at <= now => {
                    log.log(
                        Level::Warn,
                        format_args!("worker {} does not stop: killed", child.pid),
                    );
                    child.kill();
                }
                State::Ready | State::Stopping(_)
                    if options
                        .worker_timeout
                        .is_some_and(|t| now - child.heard > t) =>
                {
                    log.log(
                        Level::Error,
                        format_args!("worker {} is stuck: killed", child.pid),
                    );
                    child.kill();
                }
                State::Ready if looks && child.retires.is_none() => {
                    if options
                        .max_lifetime
                        .is_some_and(|age| now - child.born > age)
                    {
                        child.retires = Some("has reached its age");
                    } else if let Some(most) = options.max_memory
                        && memory::resident(child.pid).is_some_and(|bytes| bytes > most)
                    {
                        child.retires = Some("has grown too big");
                    }
                }
                _ => {}
            }
        }
        if looks {
            self.looked = now;
        }
    }

    /// Makes what is there what is wanted.
    fn settle(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        if let Some(next) = &self.next {
            let (number, target) = (next.number, next.target);
            self.fill(number, target);
            if self.places(number, target).are_served() {
                self.promote();
            }
        }
        let (number, target) = (self.current.number, self.current.target);
        self.fill(number, target);
        if self.stopping.is_some() {
            return;
        }
        if !self.is_booted && self.places(number, target).are_served() {
            self.boot();
        }
        while let Some(at) = self.places(number, target).leaver() {
            self.dismiss(at);
        }
    }

    fn places(&self, generation: u64, target: usize) -> Places {
        Places::of(generation, target, &self.children)
    }

    /// Starts what is missing.
    fn fill(&mut self, generation: u64, target: usize) {
        while let Some(index) = self.places(generation, target).open() {
            let now = Instant::now();
            if self.backoff.wait(now).is_some() {
                return;
            }
            if let Err(error) = self.spawn(generation, index, now) {
                self.supervisor
                    .log
                    .log(Level::Error, format_args!("cannot start a worker: {error}"));
                match self.is_booted {
                    true => self.backoff.note(Duration::ZERO, now),
                    false => self.stop(Ended::NotStarted),
                }
                return;
            }
        }
    }

    fn spawn(&mut self, generation: u64, index: usize, now: Instant) -> Result<(), Error> {
        let (link, lifeline) = link::pair()?;
        self.supervisor.hooks.pre_fork(index);
        let Some(pid) = fork()? else {
            drop(link);
            self.become_worker(generation, index, lifeline);
        };
        self.supervisor
            .log
            .log(Level::Info, format_args!("worker {pid} started"));
        self.children.push(Child {
            pid,
            link,
            generation,
            index,
            born: now,
            state: State::Booting,
            heard: now,
            hung_up: false,
            retires: None,
        });
        Ok(())
    }

    /// The rest of the life of a process that was forked.
    fn become_worker(&mut self, generation: u64, index: usize, lifeline: link::Lifeline) -> ! {
        // The master's ends: while one is open here, its worker cannot see the master's death.
        self.children.clear();
        // Its file is the master's, as is its successor.
        std::mem::forget(self.pid_file.take());
        std::mem::forget(self.successor.take());
        let log = self.supervisor.log.clone();
        let run = AssertUnwindSafe(|| {
            let generation = match &self.next {
                Some(next) if next.number == generation => next,
                _ => &self.current,
            };
            let options = &generation.options;
            if let Err(error) = options.identity.assume() {
                log.log(
                    Level::Error,
                    format_args!("cannot become another user: {error}"),
                );
                return 1;
            }
            let beat = options.worker_timeout.unwrap_or(SLOWEST * BEATS) / BEATS;
            let beat = beat.clamp(FASTEST, SLOWEST);
            let worker = WorkerProcess::new(index, lifeline, beat);
            self.supervisor.hooks.post_fork(index);
            self.program.work(&generation.plan, &worker)
        });
        process::exit(catch_unwind(run).unwrap_or(1).into())
    }

    /// All of the first generation serve.
    fn boot(&mut self) {
        self.is_booted = true;
        if let Some(predecessor) = self.supervisor.predecessor {
            if let Err(error) = self.write_pid_file() {
                self.supervisor
                    .log
                    .log(Level::Error, format_args!("{error}"));
            }
            let _ = kill(Pid::from_raw(predecessor as i32), Signal::SIGTERM);
        }
        self.program.tell(&self.current.plan, News::Ready);
    }

    fn write_pid_file(&mut self) -> Result<(), Error> {
        let Some(path) = &self.supervisor.pid_file else {
            return Ok(());
        };
        let written = PidFile::write(path, self.supervisor.predecessor);
        self.pid_file =
            Some(written.map_err(|error| {
                Error::new(format!("the pid file {}: {error}", path.display()))
            })?);
        Ok(())
    }

    /// The new generation is there: the old one may go.
    fn promote(&mut self) {
        let Some(next) = self.next.take() else {
            return;
        };
        let old = std::mem::replace(&mut self.current, next);
        let now = Instant::now();
        let patience = patience(&old.options);
        for child in &mut self.children {
            if child.generation == old.number {
                child.stop(patience, now);
            }
        }
        self.supervisor
            .log
            .log(Level::Info, format_args!("reloaded"));
        self.program.tell(&self.current.plan, News::Ready);
    }

    /// Has a worker end that is one too many, or replaced.
    fn dismiss(&mut self, at: usize) {
        let patience = patience(&self.current.options);
        let child = &mut self.children[at];
        let why = child.retires.unwrap_or("is one too many");
        self.supervisor.log.log(
            Level::Info,
            format_args!("worker {} {why}: stopping it", child.pid),
        );
        child.stop(patience, Instant::now());
    }
}

/// How long a worker may take to stop, by the clock of who waits for it.
fn patience(options: &Options) -> Option<Duration> {
    options.graceful_timeout.map(|time| time + SLACK)
}
