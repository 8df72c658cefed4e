//! The values of a client.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rgi_core::{Environ, Error, percent_decode};

use crate::personal::Personal;

/// The values that are kept for a client, by name. Clones are the same one.
#[derive(Clone)]
pub struct Session(Arc<Mutex<State>>);

#[derive(Default)]
pub(super) struct State {
    personal: Personal,
    values: BTreeMap<String, String>,
    pub(super) seen: bool,
    pub(super) changed: bool,
    pub(super) regenerated: bool,
    /// The head is on its way: what is set now would be lost.
    pub(super) closed: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Session {
    /// That of a request, if there is a [`Sessions`](super::Sessions) around the application.
    pub fn of(environ: &Environ) -> Option<Session> {
        environ.extensions().get::<Session>().cloned()
    }

    pub(super) fn new(data: Option<&str>, personal: Personal) -> Session {
        Session(Arc::new(Mutex::new(State {
            personal,
            values: data.map(decode).unwrap_or_default(),
            ..State::default()
        })))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A value.
    pub fn get(&self, name: &str) -> Option<String> {
        let mut state = self.lock();
        state.look();
        state.values.get(name).cloned()
    }

    fn change(&self, change: impl FnOnce(&mut State)) -> Result<(), Error> {
        let mut state = self.lock();
        if state.closed {
            return Err(Error::misuse(
                "a session changed after the response's head was given out",
            ));
        }
        state.look();
        state.changed = true;
        state.personal.change();
        change(&mut state);
        Ok(())
    }

    /// Sets a value.
    ///
    /// # Errors
    ///
    /// Misuse, as of all that changes a session, once the response's head was given out: nothing of it
    /// could be kept.
    pub fn set(&self, name: impl Into<String>, value: impl Into<String>) -> Result<(), Error> {
        self.change(|state| {
            state.values.insert(name.into(), value.into());
        })
    }

    /// Takes a value out.
    ///
    /// # Errors
    ///
    /// As of [`set`](Self::set).
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        self.change(|state| {
            state.values.remove(name);
        })
    }

    /// Takes all values out: the session ends, here and at the client. For logging out.
    ///
    /// # Errors
    ///
    /// As of [`set`](Self::set).
    pub fn clear(&self) -> Result<(), Error> {
        self.change(|state| state.values.clear())
    }

    /// Gives it another id, and forgets the old one. For logging in: an id that was foisted on the client
    /// before opens nothing then (session fixation).
    ///
    /// # Errors
    ///
    /// As of [`set`](Self::set).
    pub fn regenerate(&self) -> Result<(), Error> {
        self.change(|state| state.regenerated = true)
    }
}

impl State {
    fn look(&mut self) {
        self.seen = true;
        self.personal.look();
    }

    /// The values as one line of ASCII; `None` where there are none.
    pub(super) fn data(&self) -> Option<String> {
        (!self.values.is_empty()).then(|| {
            let mut text = String::new();
            for (name, value) in &self.values {
                if !text.is_empty() {
                    text.push('&');
                }
                encode(name, &mut text);
                text.push('=');
                encode(value, &mut text);
            }
            text
        })
    }
}

fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'%' | b'&' | b'=' | b'+' | ..=b' ' | 0x7f.. => {
                let _ = write!(out, "%{byte:02x}");
            }
            _ => out.push(char::from(byte)),
        }
    }
}

fn decode(data: &str) -> BTreeMap<String, String> {
    let text = |text: &str| String::from_utf8_lossy(&percent_decode(text)).into_owned();
    let pairs = data.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}
