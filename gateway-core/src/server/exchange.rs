//! One request and its answer: environ, token, and what outlives both.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use http::{HeaderValue, Method, StatusCode};

use super::{Connection, Host, Informer, RequestHead, Response, Rules};
use crate::environ::{End, Outcome};
use crate::head::PooledHead;
use crate::quiet::quietly;
use crate::{App, Body, Environ, Error, Input, Offer, StartResponse};

/// A request that is about to be answered.
#[derive(Debug)]
pub struct Exchange {
    environ: Environ,
    head: PooledHead,
    shared: Unfinished,
    offered: bool,
}

impl Exchange {
    /// An exchange of a request's head and body; `None` is no body.
    pub fn new(
        request: RequestHead,
        input: impl Into<Option<Input>>,
        host: Arc<Host>,
        connection: Arc<Connection>,
    ) -> Exchange {
        let shared = Shared::take();
        let mut inner = request.into_inner();
        if connection.tls.is_some() {
            inner.scheme = super::Scheme::Https;
        } else {
            inner.scheme = super::Scheme::Http;
        }
        *inner
            .input
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner) = input.into();
        inner.shared = Some(shared.clone());
        inner.host = Some(host);
        inner.connection = Some(connection);
        let mut head = PooledHead::new();
        head.set_exchange(number());
        Exchange {
            environ: Environ::new(inner),
            head,
            shared: Unfinished(Some(shared)),
            offered: false,
        }
    }

    /// Lets the application send interim responses.
    pub fn informer(mut self, informer: Arc<dyn Informer>) -> Exchange {
        self.head.informer = Some(informer);
        self
    }

    /// Offers a switch of protocols: the value of the Upgrade field, or `None` for CONNECT.
    pub fn offer(mut self, protocols: Option<HeaderValue>) -> Exchange {
        self.environ.inner_mut().offer = Some(Offer::new(protocols));
        self.offered = true;
        self
    }

    /// The environ, for servers that add extensions.
    pub fn environ_mut(&mut self) -> &mut Environ {
        &mut self.environ
    }

    /// Whether the request lies where the application is mounted. The [call](Self::call) answers any
    /// other by itself; its body is of no use, and its client is not to be told to go on with it.
    pub fn is_inside(&self) -> bool {
        self.environ.is_inside()
    }

    /// The means to tell the application that the peer has left.
    pub fn hang_up(&self) -> HangUp {
        HangUp(self.shared.get().clone())
    }

    /// Calls the application. A panic is caught, and answered with 500.
    pub fn call<A: App + ?Sized>(self, app: &A) -> Response<A::Body> {
        let rules = self.rules();
        let Exchange {
            mut environ,
            head,
            shared,
            ..
        } = self;
        let shared = shared.hand_over();
        if let Some(refusal) = environ.mount_script_name() {
            return Response::new(Err(refusal), rules, shared);
        }
        let start_response = StartResponse::new(head);
        let body = catch_unwind(AssertUnwindSafe(|| app.call(environ, start_response)));
        Response::new(body.map_err(Error::panic), rules, shared)
    }

    /// Answers without the application, with an error's status: a server's own refusal of a
    /// request it could read.
    pub fn refuse<B: Body>(self, error: Error) -> Response<B> {
        let rules = self.rules();
        Response::new(Err(error), rules, self.shared.hand_over())
    }

    fn rules(&self) -> Rules {
        let method = match *self.environ.method() {
            Method::HEAD => RequestMethod::Head,
            Method::CONNECT => RequestMethod::Connect,
            _ => RequestMethod::Other,
        };
        Rules::new(method).offered(self.offered)
    }
}

/// The number of the next exchange of this thread, from 1.
fn number() -> u32 {
    thread_local! {
        static LAST: Cell<u32> = const { Cell::new(0) };
    }
    let next = |last: &Cell<u32>| {
        last.set(last.get().checked_add(1).unwrap_or(1));
        last.get()
    };
    LAST.try_with(next).unwrap_or(0)
}

/// Runs the hooks of an exchange that its server drops without an answer.
#[derive(Debug)]
struct Unfinished(Option<Arc<Shared>>);

impl Unfinished {
    fn get(&self) -> &Arc<Shared> {
        self.0
            .as_ref()
            .expect("only `hand_over` and drop take it out")
    }

    fn hand_over(mut self) -> Arc<Shared> {
        self.0
            .take()
            .expect("only `hand_over` and drop take it out")
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(shared) = self.0.take() else { return };
        shared.finish(Over {
            end: End::Disconnected,
            status: None,
            bytes: 0,
            error: None,
        });
    }
}

/// What the commit machine must know of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestMethod {
    Head,
    Connect,
    Other,
}

/// Tells the application that the peer has left.
#[derive(Clone)]
pub struct HangUp(pub(crate) Arc<Shared>);

impl HangUp {
    /// The peer has left, now: `peer().gone()` wakes.
    pub fn now(&self) {
        self.0.hang_up();
    }
}

impl fmt::Debug for HangUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HangUp")
    }
}

type Hook = Box<dyn FnOnce(&Outcome<'_>) + Send>;

/// What environ, peers and the response have in common.
pub(crate) struct Shared {
    gone: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    hooks: Vec<Hook>,
    /// One for each [`Gone`](crate::Gone) that waits, by its key.
    watchers: Vec<(u64, Waker)>,
    next_key: u64,
    over: Option<Arc<Over>>,
}

/// How the exchange ended.
pub(crate) struct Over {
    pub(crate) end: End,
    pub(crate) status: Option<StatusCode>,
    pub(crate) bytes: u64,
    pub(crate) error: Option<Error>,
}

impl Over {
    fn outcome(&self) -> Outcome<'_> {
        Outcome {
            end: self.end,
            status: self.status,
            bytes: self.bytes,
            error: self.error.as_ref(),
        }
    }
}

thread_local! {
    static POOL: RefCell<Vec<Arc<Shared>>> = const { RefCell::new(Vec::new()) };
}

const KEPT: usize = 128;

impl Shared {
    fn take() -> Arc<Shared> {
        let pooled = POOL.try_with(|pool| pool.borrow_mut().pop()).ok().flatten();
        pooled.unwrap_or_else(|| {
            Arc::new(Shared {
                gone: AtomicBool::new(false),
                state: Mutex::default(),
            })
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    pub(crate) fn hang_up(&self) {
        self.gone.store(true, Ordering::Release);
        let watchers = std::mem::take(&mut self.lock().watchers);
        watchers.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Whether the peer left or the exchange is over; otherwise `waker` will be woken. `key` is
    /// the watcher's, given here the first time and taken back by [`unwatch`](Self::unwatch).
    pub(crate) fn watch(&self, key: &mut Option<u64>, waker: &Waker) -> bool {
        if self.is_gone() {
            return true;
        }
        let mut stale = None;
        let mut state = self.lock();
        if state.over.is_some() || self.is_gone() {
            return true;
        }
        let key = *key.get_or_insert_with(|| {
            state.next_key += 1;
            state.next_key
        });
        match state.watchers.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) if known.will_wake(waker) => {}
            Some((_, known)) => stale = Some(std::mem::replace(known, waker.clone())),
            None => state.watchers.push((key, waker.clone())),
        }
        drop(state);
        // A waker's drop is foreign code: not under the lock.
        drop(stale);
        false
    }

    pub(crate) fn unwatch(&self, key: u64) {
        let mut state = self.lock();
        let at = state.watchers.iter().position(|(known, _)| *known == key);
        let watcher = at.map(|at| state.watchers.swap_remove(at));
        drop(state);
        drop(watcher);
    }

    pub(crate) fn on_finish(&self, hook: Hook) {
        let mut state = self.lock();
        let Some(over) = state.over.clone() else {
            state.hooks.push(hook);
            return;
        };
        drop(state);
        run(hook, &over.outcome());
    }

    /// Runs the hooks, last registered first, and puts what can be used again into the pool.
    pub(crate) fn finish(mut self: Arc<Self>, over: Over) {
        let Some(shared) = Arc::get_mut(&mut self) else {
            self.finish_shared(over);
            return;
        };
        let state = shared
            .state
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        while let Some(hook) = state.hooks.pop() {
            run(hook, &over.outcome());
        }
        state.watchers.clear();
        *shared.gone.get_mut() = false;
        let _ = POOL.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            if pool.len() < KEPT {
                pool.push(self);
            }
        });
    }

    /// As [`finish`](Self::finish), where environ or peers are still about: the outcome is kept
    /// for them.
    fn finish_shared(&self, over: Over) {
        let over = Arc::new(over);
        // Hooks may register hooks. That none is left and that it is over is one step.
        let watchers = loop {
            let mut state = self.lock();
            match state.hooks.pop() {
                None => {
                    state.over = Some(over);
                    break std::mem::take(&mut state.watchers);
                }
                Some(hook) => {
                    drop(state);
                    run(hook, &over.outcome());
                }
            }
        };
        watchers.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

/// A hook's panic is its own: the others run.
fn run(hook: Hook, outcome: &Outcome<'_>) {
    quietly(|| hook(outcome));
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("gone", &self.is_gone())
            .finish_non_exhaustive()
    }
}
