//! The client of a case: what it does, and what it writes down.

mod answer;
mod ask;
mod body;
mod connection;
mod http2;
mod input;
mod link;
mod memory;
mod reader;
mod stream;
mod whole;
mod wire;

use std::fmt::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rgi_core::{BoxApp, testing};

pub use self::ask::Ask;
use self::ask::Request;
pub use self::connection::{Connection, Target};
pub(crate) use self::connection::{tcp, unix};
pub(crate) use self::http2::CASE;
pub(crate) use self::whole::Whole;
use self::wire::Wire;
use crate::site::{FACTS, FORGET, NOTES, SIGNAL};
use crate::{Case, X_RGI_CASE, X_RGI_RUN};

/// How long a client waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes that are like no others: what long bodies are made of. A body of them is written down as
/// such, and not byte by byte.
pub fn pattern(len: usize) -> Bytes {
    // It comes again from there on. Copies of it cost little where nothing is optimised.
    const PERIOD: usize = 1 << 16;
    static ONCE: OnceLock<Vec<u8>> = OnceLock::new();
    let byte = |at: usize| (at.wrapping_mul(31) ^ (at >> 8).wrapping_mul(7)) as u8;
    let once = ONCE.get_or_init(|| (0..PERIOD).map(byte).collect());
    let mut all = once.repeat(len.div_ceil(PERIOD));
    all.truncate(len);
    all.into()
}

/// The client of a case. Whatever it sees it writes down, a line each, in the order it is seen:
///
/// - of an answer the status, with `by the server` where the application did not make it; the fields
///   in lower case in the order of their names, without Date, Server, those of a connection that
///   stays, those of transfer and the length of a 304, unless they are to be [shown](Client::show)
///   (a server's own answers: `connection: close` and Retry-After alone); the body in quotes, or as
///   `N bytes of the pattern`; the trailers as `trailer name: value`; `cut` where it ends before its
///   end;
/// - `closed` or `reset`, where the end of the connection is waited for;
/// - `app: ...`, what the application noted, where that is asked for;
/// - `! ...`, where something did not happen. Nothing is done behind that.
pub struct Client<'a> {
    case: &'a Case,
    root: String,
    run: String,
    back: Back<'a>,
    seen: String,
    sent: Vec<u8>,
    failed: bool,
}

enum Back<'a> {
    Wire(Box<Wire<'a>>),
    Memory(&'a testing::Client<BoxApp>),
}

static RUNS: AtomicU64 = AtomicU64::new(0);

impl<'a> Client<'a> {
    pub(crate) fn new(case: &'a Case, target: &'a dyn Target) -> Client<'a> {
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        Client {
            case,
            root: target.root().to_owned(),
            run: format!("{}-{number}", std::process::id()),
            back: match target.in_memory(case) {
                Some(client) => Back::Memory(client),
                None => Back::Wire(Box::new(Wire::new(target))),
            },
            seen: String::new(),
            sent: Vec::new(),
            failed: false,
        }
    }

    /// What was sent, and what was seen.
    pub(crate) fn into_records(self) -> (Vec<u8>, String) {
        (self.sent, self.seen)
    }

    /// The prefix under which the application stands.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// A GET, sent and its answer written down.
    pub fn get(&mut self, target: &str) {
        self.ask("GET", target).send();
    }

    /// A HEAD, sent and its answer written down.
    pub fn head(&mut self, target: &str) {
        self.ask("HEAD", target).send();
    }

    /// A POST of a body of known length, sent and its answer written down.
    pub fn post(&mut self, target: &str, body: impl Into<Bytes>) {
        self.ask("POST", target).body(body).send();
    }

    /// A request that any client could make: its target is put behind the root.
    pub fn ask<'c>(&'c mut self, method: &'static str, target: &str) -> Ask<'c, 'a> {
        Ask::new(self, method, target)
    }

    /// A GET asked so many times, each on a connection of its own: writes down whether all answers are
    /// alike, or the first that is not.
    pub fn alike(&mut self, times: usize, target: &str) {
        let mut first = None;
        for _ in 0..times {
            let from = self.seen.len();
            self.connect();
            self.get(target);
            if self.failed {
                return;
            }
            let answer = self.seen.split_off(from);
            let first = first.get_or_insert_with(|| answer.clone());
            if *first != answer {
                return self.seen.push_str(&answer);
            }
        }
        let _ = writeln!(self.seen, "{times} answers alike");
    }

    fn perform(&mut self, request: &Request) {
        let named = self.named();
        let record = request.encode("");
        self.sent.extend(record.concat());
        let seen = &mut self.seen;
        let done = match &mut self.back {
            _ if self.failed => return,
            Back::Wire(wire) => wire.perform(request, &named, seen),
            Back::Memory(client) => {
                let named = [(X_RGI_CASE, self.case.name), (X_RGI_RUN, &self.run)];
                memory::perform(client, request, &named, seen)
            }
        };
        self.note(done);
    }

    /// The fields that say which case a request belongs to, a line each.
    fn named(&self) -> String {
        format!(
            "{X_RGI_CASE}: {}\r\n{X_RGI_RUN}: {}\r\n",
            self.case.name, self.run
        )
    }

    fn note(&mut self, done: Result<(), String>) {
        if let Err(wrong) = done {
            self.failed = true;
            let _ = writeln!(self.seen, "! {wrong}");
        }
    }

    fn wire(&mut self, act: impl FnOnce(&mut Wire<'a>, &mut String) -> Result<(), String>) {
        if self.failed {
            return;
        }
        let done = match &mut self.back {
            Back::Wire(wire) => act(wire, &mut self.seen),
            Back::Memory(_) => Err("bytes were sent in a case of kind `App`".to_owned()),
        };
        self.note(done);
    }

    /// The text, with the root and the fields of the case in their places.
    fn filled(&self, text: &str) -> String {
        text.replace("{root}", &self.root)
            .replace("{case}", &self.named())
    }

    /// Sends bytes. In a text, `{root}` stands for the root and `{case}` for the field lines that name
    /// the case, with their line ends.
    pub fn send(&mut self, text: &str) {
        self.sent.extend_from_slice(text.as_bytes());
        let text = self.filled(text);
        self.wire(|wire, _| wire.send(text.as_bytes()));
    }

    /// Sends a head of exactly so many bytes: `{fill}` stands for as many as that takes.
    pub fn send_filled(&mut self, text: &str, len: usize) {
        let bare = self.filled(&text.replace("{fill}", "")).len();
        let fill = "f".repeat(len.saturating_sub(bare));
        self.send(&text.replace("{fill}", &fill));
    }

    /// Sends bytes as they are.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.sent.extend_from_slice(bytes);
        self.wire(|wire, _| wire.send(bytes));
    }

    /// Sends bytes until the server takes no more, which is before there were so many.
    pub fn flood(&mut self, most: usize) {
        self.wire(|wire, _| wire.flood(most));
    }

    /// Sends bytes as [`send`](Self::send) does, each in a write of its own.
    pub fn send_slowly(&mut self, text: &str) {
        self.sent.extend_from_slice(text.as_bytes());
        for byte in self.filled(text).as_bytes() {
            self.wire(|wire, _| wire.send(std::slice::from_ref(byte)));
        }
    }

    /// Reads a whole answer, interim ones before it included.
    pub fn answer(&mut self) {
        self.wire(|wire, seen| wire.answer(false, seen));
    }

    /// Reads a whole answer to a HEAD.
    pub fn answer_to_head(&mut self) {
        self.wire(|wire, seen| wire.answer(true, seen));
    }

    /// Reads one head, interim or final, and not what comes behind it.
    pub fn read_head(&mut self) {
        self.wire(Wire::head);
    }

    /// Reads so many bytes of the body behind the last head.
    pub fn block(&mut self, len: usize) {
        self.wire(|wire, seen| wire.block(len, seen));
    }

    /// Reads the rest of that body, and its trailers.
    pub fn rest(&mut self) {
        self.wire(Wire::rest);
    }

    /// Reads so many bytes behind a switch of protocols.
    pub fn switched(&mut self, len: usize) {
        self.wire(|wire, seen| wire.switched(len, seen));
    }

    /// Writes down, from here on, a field that is left out otherwise.
    pub fn show(&mut self, field: &'static str) {
        self.wire(|wire, _| {
            wire.show(field);
            Ok(())
        });
    }

    /// The server sent nowhere what may not be seen.
    pub fn lacks(&mut self, text: &str) {
        self.wire(|wire, _| wire.lacks(text));
    }

    /// Ends the client's side of the connection.
    pub fn half_close(&mut self) {
        self.wire(|wire, _| wire.half_close());
    }

    /// Leaves: the connection is reset.
    pub fn leave(&mut self) {
        self.wire(|wire, _| wire.leave());
    }

    /// Waits for the end of the connection.
    pub fn end(&mut self) {
        self.wire(Wire::end);
    }

    /// Goes on over a new connection; the one before is closed. Where there are none, it is nothing.
    pub fn connect(&mut self) {
        if matches!(self.back, Back::Wire(_)) {
            self.wire(|wire, _| wire.connect());
        }
    }

    /// Does something over a connection of its own; the one before stays open, and is gone on with.
    pub fn apart(&mut self, act: impl FnOnce(&mut Self)) {
        let before = match &mut self.back {
            Back::Wire(wire) => {
                let other = wire.another();
                Some(std::mem::replace(&mut **wire, other))
            }
            Back::Memory(_) => None,
        };
        act(self);
        if let (Back::Wire(wire), Some(before)) = (&mut self.back, before) {
            **wire = before;
        }
    }

    /// Gives the application a signal: see [`Notes::signal`](crate::Notes::signal).
    pub fn signal(&mut self, name: &str) {
        if !self.failed {
            let done = self.control(SIGNAL, &format!("?{name}"));
            self.note(done.map(drop));
        }
    }

    /// Waits until the application has noted so many lines (how each exchange ended is one, its
    /// last), and writes down all there are then. What was open is closed before.
    pub fn notes(&mut self, lines: usize) {
        if self.failed {
            return;
        }
        if let Back::Wire(wire) = &mut self.back {
            wire.close();
        }
        let (notes, done) = self.wait_for_notes(lines);
        for line in notes.lines() {
            let _ = writeln!(self.seen, "app: {line}");
        }
        self.note(done);
    }

    /// Waits until the application has noted so many lines. Nothing is written down, nothing closed.
    pub fn noted(&mut self, lines: usize) {
        if !self.failed {
            let (_, done) = self.wait_for_notes(lines);
            self.note(done);
        }
    }

    fn wait_for_notes(&mut self, lines: usize) -> (String, Result<(), String>) {
        let until = Instant::now() + PATIENCE;
        loop {
            let notes = match self.control(NOTES, "") {
                Ok(notes) => notes,
                Err(wrong) => return (String::new(), Err(wrong)),
            };
            let there = notes.lines().count();
            if there >= lines {
                return (notes, Ok(()));
            }
            if Instant::now() > until {
                let wrong = format!("{there} notes of {lines} within {PATIENCE:?}");
                return (notes, Err(wrong));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The server's facts: a line each, name and value.
    pub(crate) fn facts(&mut self) -> Result<String, String> {
        self.control(FACTS, "")
    }

    /// The run is over: what the lint has found, a line each, the check's name first.
    pub(crate) fn forget(&mut self) -> Result<String, String> {
        self.control(FORGET, "")
    }

    /// Asks the site something beside the case, on a connection of its own.
    fn control(&mut self, what: &str, query: &str) -> Result<String, String> {
        let named = [(X_RGI_CASE, what), (X_RGI_RUN, &self.run)];
        let target = format!("{}/{query}", self.root);
        match &mut self.back {
            Back::Wire(wire) => wire.control(&target, &named),
            Back::Memory(client) => memory::control(client, &target, &named),
        }
    }
}
