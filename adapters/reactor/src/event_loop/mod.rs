//! One loop: readiness in, connections driven, deadlines kept.

mod accepting;
mod pool;

use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use rgi_core::server::{Beat, Level, Pulse, Stop};
use rgi_core::{App, Connection};
use slab::Slab;

use self::pool::CUT;
use crate::acceptor::{Acceptor, Census, Mailbox};
use crate::connection::{Conn, Fate, hang_up, ms};
use crate::core::Core;
use crate::hall::Guest;
use crate::line::{Homes, LOOP, Line};
use crate::notify::{ATTEND, LISTENERS, Notify, WAKE};
use crate::socket::Socket;
use crate::timer::Clock;
use crate::wheel::Wheel;

pub(crate) struct EventLoop<A: App> {
    poll: Poll,
    notify: Arc<Notify>,
    clock: Clock,
    mailbox: Arc<Mailbox>,
    /// The loop that accepts has one, until it is told to stop.
    acceptor: Option<Acceptor>,
    /// Whom to tell that a connection was closed, when accepting waits for that.
    accepting: Arc<Notify>,
    census: Arc<Census>,
    stop: Stop,
    homes: Homes,
    conns: Slab<Entry<A::Body>>,
    generation: u32,
    wheel: Wheel,
    core: Core<A>,
    /// Connections accepted at once.
    burst: usize,
    /// The listeners may have more.
    more: bool,
    /// Until when others are given time to take the next connection, in milliseconds.
    moment: u64,
    /// When they were given time first, in milliseconds.
    courteous_since: u64,
    /// When accepting is to be tried again, in milliseconds.
    retry: Option<u64>,
    /// When those that are still open are cut, and since when those that threads have are.
    give_up: Option<u64>,
    cut: Option<u64>,
    /// What threads have given back; empty in between.
    returned: Vec<Option<Guest>>,
    /// Signs of life, for who looks for them.
    beat: Option<Beat>,
}

struct Entry<B> {
    generation: u32,
    conn: Conn<B>,
}

/// Events taken from the system at once.
const EVENTS: usize = 256;
/// Rounds of wakes that are followed before the sockets are looked at again.
const ROUNDS: usize = 4;

/// What a loop is made of, apart from its application.
pub(crate) struct Parts {
    /// This loop, and the threads of its pool.
    pub(crate) homes: Homes,
    pub(crate) poll: Poll,
    pub(crate) clock: Clock,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) accepting: Arc<Notify>,
    pub(crate) census: Arc<Census>,
    pub(crate) stop: Stop,
}

impl Parts {
    pub(crate) fn notify(&self) -> &Arc<Notify> {
        &self.mailbox.notify
    }
}

impl<A: App> EventLoop<A> {
    pub(crate) fn new(parts: Parts, acceptor: Option<Acceptor>, core: Core<A>) -> EventLoop<A> {
        let notify = parts.notify().clone();
        let Parts {
            homes,
            poll,
            clock,
            mailbox,
            accepting,
            census,
            stop,
        } = parts;
        // A loop that its application may block says by when, and not that it goes round.
        let blocks = core.watch().is_some();
        let beat = core
            .config
            .pulse
            .as_ref()
            .filter(|_| !blocks)
            .map(Pulse::join);
        EventLoop {
            poll,
            notify,
            clock,
            mailbox,
            acceptor,
            accepting,
            census,
            stop,
            homes,
            conns: Slab::new(),
            generation: 0,
            wheel: Wheel::new(),
            burst: accepting::burst(&core),
            more: false,
            moment: 0,
            courteous_since: 0,
            core,
            retry: None,
            give_up: None,
            cut: None,
            returned: Vec::new(),
            beat,
        }
    }

    /// Runs until told to stop and all connections are closed. Gives the application back.
    pub(crate) fn run(mut self) -> io::Result<A> {
        let mut events = Events::with_capacity(EVENTS);
        let mut tokens = Vec::new();
        if let Some(acceptor) = &self.acceptor {
            acceptor.register(self.poll.registry())?;
        }
        self.heed_stop();
        while !self.is_over() {
            let timeout = self.timeout();
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                done => done?,
            }
            self.tick();
            if let Some(beat) = &self.beat {
                beat.beat();
            }
            // What has happened until then is heard of in this turn.
            let (heard, mut happened) = (self.core.now, 0);
            for event in &events {
                happened += 1;
                match event.token() {
                    WAKE => {}
                    Token(token) if token <= LISTENERS && token > LISTENERS - 1024 => {
                        self.on_listeners();
                    }
                    token => {
                        let Some(entry) = find(&mut self.conns, token) else {
                            continue;
                        };
                        if entry.conn.on_event(event.into()) {
                            self.drive(token);
                        }
                    }
                }
            }
            if self.retry.is_some_and(|at| at <= self.core.now) {
                self.retry = None;
                self.on_listeners();
            }
            self.clock.wake(self.core.at(self.core.now + 1));
            for _ in 0..ROUNDS {
                if !self.notify.is_filled() {
                    break;
                }
                self.notify.take(&mut tokens);
                for token in tokens.drain(..) {
                    match token {
                        ATTEND => self.attend(),
                        token => self.drive(token),
                    }
                }
            }
            if happened < EVENTS {
                self.wheel.expire(heard, &mut tokens);
                for token in tokens.drain(..) {
                    self.time_out(token, heard);
                }
            }
            self.turn_away_overdue();
            if self.more {
                self.accept_more();
            }
        }
        if let Some(away) = self
            .front()
            .map(|front| front.away)
            .filter(|away| *away > 0)
        {
            let text = format_args!("left {away} threads behind, which are blocked");
            self.core.log(Level::Warn, text);
        }
        Ok(self.core.app)
    }

    /// Whether nobody is left, and nobody can come.
    fn is_over(&self) -> bool {
        let is_empty = self.conns.is_empty() && !self.waits_for_threads();
        let stopped = self.core.stopping && is_empty;
        stopped && self.census.is_complete() && self.mailbox.is_empty()
    }

    /// Reads the clock: once a turn.
    fn tick(&mut self) {
        self.core.tick();
        if self.give_up.is_some_and(|at| at <= self.core.now) {
            self.abort();
        }
    }

    fn timeout(&self) -> Option<Duration> {
        if self.notify.is_filled() {
            return Some(Duration::ZERO);
        }
        let until = |at: u64| Duration::from_millis(at.saturating_sub(self.core.now));
        let sleep = self
            .clock
            .first()
            .map(|at| at.saturating_duration_since(Instant::now()));
        // The system rounds up to milliseconds.
        [
            self.wheel.wait(self.core.now),
            sleep,
            self.retry.map(until),
            self.accepts_at().filter(|_| self.more).map(until),
            self.give_up.map(until),
            self.cut.map(|at| until(at + CUT)),
            self.overdue_at().map(until),
            self.beat.as_ref().map(Beat::interval),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The mailbox, and the order to stop.
    fn attend(&mut self) {
        for (socket, connection) in self.mailbox.take() {
            self.add(socket, connection);
        }
        self.take_back();
        self.heed_stop();
        // Accepting may have waited for this.
        self.on_listeners();
    }

    fn heed_stop(&mut self) {
        if !self.stop.is_told() {
            return;
        }
        if !self.core.stopping {
            self.core.stopping = true;
            self.moment = 0;
            self.core.stopped_at = self.core.now;
            // Who stands in the queue has been promised an answer by the system. When all are
            // taken, which the acceptor's drop says, the other loops may end.
            self.retry = None;
            self.on_listeners();
            for (socket, connection) in self.mailbox.take() {
                self.add(socket, connection);
            }
            let graceful = self.core.config.graceful_timeout;
            self.give_up = graceful.map(|time| self.core.now.saturating_add(ms(time)));
            let idle: Vec<Token> = self
                .conns
                .iter()
                .filter(|(_, entry)| entry.conn.is_idle())
                .map(|(key, entry)| token(key, entry.generation))
                .collect();
            for token in idle {
                self.schedule(token);
            }
        }
        if self.stop.is_now() {
            self.abort();
        }
    }

    /// Cuts all connections.
    fn abort(&mut self) {
        self.acceptor = None;
        self.give_up = None;
        let away = self.cut_away();
        let open = self.conns.len() + away;
        if open > 0 {
            let text = format_args!("cut {open} connections that were still open");
            self.core.log(Level::Warn, text);
        }
        if let Some(exclusive) = self.core.exclusive() {
            exclusive.clear();
        }
        for mut entry in self.conns.drain() {
            entry.conn.abort();
            hang_up(entry.conn);
            let _ = self.census.leave();
        }
    }

    fn add(&mut self, socket: Socket, connection: Connection) -> Option<Token> {
        let line = Arc::new(Line::new(socket, self.homes.clone()));
        let mut conn = Conn::new(line, connection, self.core.now);
        if self.core.config.proxy_protocol.is_on() {
            conn.await_name();
        }
        self.adopt(conn)
    }

    /// Takes in a connection, to be driven.
    fn adopt(&mut self, conn: Conn<A::Body>) -> Option<Token> {
        self.generation = self.generation.wrapping_add(1) & 0x3fff_ffff;
        let line = conn.line.clone();
        let fd = line.socket.as_raw_fd();
        let key = self.conns.insert(Entry {
            generation: self.generation,
            conn,
        });
        let token = token(key, self.generation);
        line.set_token(token);
        line.move_to(LOOP);
        let interest = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self
            .poll
            .registry()
            .register(&mut SourceFd(&fd), token, interest)
        {
            self.core.log(
                Level::Error,
                format_args!("cannot watch a connection: {error}"),
            );
            self.remove(token);
            return None;
        }
        self.schedule(token);
        Some(token)
    }

    fn drive(&mut self, token: Token) {
        let Some(entry) = find(&mut self.conns, token) else {
            return;
        };
        self.notify.drives(token);
        let fate = entry.conn.drive(&mut self.core);
        self.notify.drives(WAKE);
        match fate {
            Fate::Keep => self.schedule(token),
            Fate::Depart => self.send_away(token),
            Fate::Close => self.remove(token),
        }
    }

    /// Sees to it that the wheel has the connection come up no later than its deadline.
    fn schedule(&mut self, token: Token) {
        let Some(entry) = find(&mut self.conns, token) else {
            return;
        };
        let Some(deadline) = entry.conn.deadline(&self.core) else {
            return;
        };
        let Some(at) = self.wheel.insert(token, deadline, entry.conn.scheduled) else {
            return;
        };
        entry.conn.scheduled = Some(at);
    }

    /// The wheel came up for a connection, at `now`.
    fn time_out(&mut self, token: Token, now: u64) {
        let Some(entry) = find(&mut self.conns, token) else {
            return;
        };
        // An entry that was overtaken by an earlier one is nobody's.
        if entry.conn.scheduled.is_none_or(|at| at > now) {
            return;
        }
        entry.conn.scheduled = None;
        // A thread of the pool may have read since the connection was driven.
        entry.conn.note_wait(self.core.now);
        let Some(deadline) = entry.conn.deadline(&self.core) else {
            return;
        };
        if deadline > now {
            self.schedule(token);
            return;
        }
        self.notify.drives(token);
        let fate = entry.conn.time_out(&mut self.core);
        self.notify.drives(WAKE);
        match fate {
            Fate::Keep => self.schedule(token),
            Fate::Depart => self.send_away(token),
            Fate::Close => self.remove(token),
        }
    }

    fn remove(&mut self, token: Token) {
        let Some(conn) = self.take_out(token) else {
            return;
        };
        conn.line.retire();
        if let Some(exclusive) = self.core.exclusive() {
            exclusive.leave(token);
        }
        hang_up(conn);
        self.has_left();
    }

    /// Lets go of a connection, as it is.
    fn take_out(&mut self, token: Token) -> Option<Conn<A::Body>> {
        find(&mut self.conns, token)?;
        let Entry { conn, .. } = self.conns.remove(key(token));
        let fd = conn.line.socket.as_raw_fd();
        let _ = self.poll.registry().deregister(&mut SourceFd(&fd));
        Some(conn)
    }

    /// A connection was closed.
    fn has_left(&self) {
        if self.census.leave() {
            self.accepting.push(ATTEND);
        }
    }
}

/// A connection's token: its place, and which of those that had this place it is.
fn token(key: usize, generation: u32) -> Token {
    Token((generation as usize) << 32 | key)
}

fn key(token: Token) -> usize {
    token.0 & 0xffff_ffff
}

fn find<B>(conns: &mut Slab<Entry<B>>, token: Token) -> Option<&mut Entry<B>> {
    let entry = conns.get_mut(key(token))?;
    (entry.generation as usize == token.0 >> 32).then_some(entry)
}
