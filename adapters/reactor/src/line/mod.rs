//! What a connection's loop shares with the application: socket, incoming body, interim responses.
//!
//! An [`Input`](rgi_core::Input) pulls: when it is polled it reads the socket itself, wherever it is
//! (on the loop, or on a thread of the pool), so nothing is read that nobody asked for.

mod body;
mod gather;
mod hints;
mod switched;

use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use bytes::BytesMut;
use mio::Token;
use rgi_http1::Output;

pub(crate) use self::body::{Body, Rest, receive};
use self::body::{Failure, Incoming};
pub(crate) use self::gather::Gathered;
pub(crate) use self::hints::Hints;
use self::switched::Switched;
use crate::notify::Notify;
use crate::socket::Socket;

/// Those who drive connections: a loop, and the threads of its pool behind it.
pub(crate) type Homes = Arc<[Arc<Notify>]>;
/// Which of them is the loop.
pub(crate) const LOOP: usize = 0;

/// A connection as both sides know it. Its wake drives the connection.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) socket: Socket,
    /// Where connections of its server may be, and where this one is: whoever drives it is woken.
    homes: Homes,
    home: AtomicUsize,
    token: AtomicUsize,
    /// Something stands in `State::interim`.
    has_interim: AtomicBool,
    /// Nothing stands before an interim response that the application sends now, on its thread.
    is_clear: AtomicBool,
    /// The serial of the request whose interim responses may go out; 0 for none.
    takes_interim: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) incoming: Option<Incoming>,
    /// Interim responses to be written.
    interim: Vec<u8>,
    /// After a switch: bytes that came behind the request, and who waits.
    leftover: BytesMut,
    readers: Option<Waker>,
    writers: Option<Waker>,
    /// Nothing may be read or written any more.
    closed: bool,
}

/// Reads and writes of an application on the loop before other connections have their turn.
const FAIR: u32 = 32;

impl Line {
    /// A connection that is at the first of `homes`.
    pub(crate) fn new(socket: Socket, homes: Homes) -> Line {
        Line {
            socket,
            homes,
            home: AtomicUsize::new(LOOP),
            token: AtomicUsize::new(usize::MAX),
            has_interim: AtomicBool::new(false),
            is_clear: AtomicBool::new(false),
            takes_interim: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    pub(crate) fn set_token(&self, token: Token) {
        self.token.store(token.0, Ordering::Release);
    }

    /// Says who drives the connection from now on. A wake that still goes to the one before is not
    /// missed: who takes a connection over drives it.
    pub(crate) fn move_to(&self, home: usize) {
        self.home.store(home, Ordering::Release);
    }

    fn notify(&self) -> &Notify {
        &self.homes[self.home.load(Ordering::Acquire)]
    }

    pub(crate) fn token(&self) -> Token {
        Token(self.token.load(Ordering::Acquire))
    }

    /// Has the connection driven again.
    pub(crate) fn wake_self(&self) {
        self.notify().push(self.token());
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the interim responses of a request out; those that came too late for the one before are
    /// forgotten.
    fn allow_interim(&self, serial: u64) {
        if self.has_interim() {
            self.take_interim(&mut Vec::new());
        }
        self.takes_interim.store(serial, Ordering::Release);
    }

    /// The head of the answer is about to go out: what is interim goes before it, or not at all.
    /// Says whether what the application leaves of the body permits another request.
    pub(crate) fn commit(&self, has_body: bool, output: &mut Output) -> bool {
        if !has_body {
            self.takes_interim.store(0, Ordering::Release);
            if self.has_interim() {
                output.small(|out| self.take_interim(out));
            }
            return true;
        }
        // Under the lock no reader can promise `100 Continue` in between.
        let mut state = self.lock();
        self.takes_interim.store(0, Ordering::Release);
        self.has_interim.store(false, Ordering::Release);
        output.small(|out| out.append(&mut state.interim));
        state.body_permits_reuse()
    }

    /// Takes the interim responses that wait.
    pub(crate) fn take_interim(&self, into: &mut Vec<u8>) {
        let mut state = self.lock();
        into.append(&mut state.interim);
        self.has_interim.store(false, Ordering::Release);
    }

    pub(crate) fn has_interim(&self) -> bool {
        self.has_interim.load(Ordering::Acquire)
    }

    /// The socket may have something: wakes whoever waits for it.
    pub(crate) fn on_readable(&self) {
        let mut state = self.lock();
        let reader = state.readers.take();
        let input = state.incoming.as_mut().and_then(Incoming::take_waker);
        drop(state);
        reader.into_iter().chain(input).for_each(Waker::wake);
    }

    /// The socket may take something: wakes whoever waits for it.
    pub(crate) fn on_writable(&self) {
        let writer = self.lock().writers.take();
        writer.into_iter().for_each(Waker::wake);
    }

    /// Ends everything on the socket; whoever waits is told.
    pub(crate) fn close(&self) {
        self.retire();
        self.socket.shutdown(Shutdown::Both);
    }

    /// Marks the socket as closed without touching it: the loop drops it.
    pub(crate) fn retire(&self) {
        self.fail(Failure::Gone);
        let mut state = self.lock();
        state.closed = true;
        // Wakers hold the line itself.
        let wakers = [state.readers.take(), state.writers.take()];
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// Hands the connection over, with what came behind the request.
    pub(crate) fn switch(self: &Arc<Self>, leftover: BytesMut) -> Switched {
        self.lock().leftover = leftover;
        Switched::new(self.clone())
    }

    /// Somebody waits for the socket. A thread that waits for the connection looks what for before that,
    /// and so has to look again where another thread has it now.
    fn on_wait(&self) {
        if self.notify().bell().is_some() && !self.is_driven() {
            self.wake_self();
        }
    }

    /// Says whether nothing stands before what the application sends now. Where it may block, an
    /// interim response that waited for the end of its step would come with the answer.
    pub(crate) fn set_clear(&self, is_clear: bool) {
        self.is_clear.store(is_clear, Ordering::Relaxed);
    }

    /// Writes interim responses past the loop, as much as the socket takes.
    /// Says whether all are out.
    fn write_through(&self, interim: &mut Vec<u8>) -> bool {
        if self.is_clear.load(Ordering::Relaxed)
            && self.is_driven()
            && let Ok(sent) = self.socket.write(interim)
        {
            interim.drain(..sent);
        }
        interim.is_empty()
    }

    fn announce_interim(&self) {
        self.has_interim.store(true, Ordering::Release);
        // The step that is running looks for it.
        if !self.is_driven() {
            self.notify().push(self.token());
        }
    }

    /// Whether this thread is driving this very connection.
    fn is_driven(&self) -> bool {
        self.notify().is_driving(self.token())
    }
}

impl Wake for Line {
    fn wake(self: Arc<Self>) {
        self.notify().push(self.token());
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.notify().push(self.token());
    }
}
