//! Sessions in memory.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::{Id, Record, Step, Store};

/// Keeps sessions in memory, up to a number of them: then those go that would end first.
///
/// They are those of this process, and end with it. Where a program runs in several
/// (`--processes`, prefork), use another store, or [the cookie](super::Sessions::in_cookie).
pub struct Memory {
    most: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    records: HashMap<Id, Record>,
    /// The same by their ends.
    ends: BTreeSet<(SystemTime, Id)>,
}

impl Memory {
    /// Keeps at most so many sessions.
    pub fn new(most: usize) -> Memory {
        Memory {
            most: most.max(1),
            kept: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.lock().records.len();
        f.debug_struct("Memory")
            .field("most", &self.most)
            .field("sessions", &len)
            .finish()
    }
}

impl Kept {
    /// Keeps one more; those go that have ended, and if there are too many, those that would end first.
    fn insert(&mut self, id: &Id, record: Record, most: usize) {
        self.remove(id);
        let now = SystemTime::now();
        while let Some((end, first)) = self.ends.first().cloned()
            && (end <= now || self.records.len() >= most)
        {
            self.remove(&first);
        }
        self.ends.insert((record.expires, id.clone()));
        self.records.insert(id.clone(), record);
    }

    fn remove(&mut self, id: &Id) -> Option<Record> {
        let record = self.records.remove(id)?;
        self.ends.remove(&(record.expires, id.clone()));
        Some(record)
    }
}

impl Store for Memory {
    fn load(&self, id: &Id) -> Step<Option<Record>> {
        Step::ready(Ok(self.lock().records.get(id).cloned()))
    }

    fn insert(&self, id: &Id, record: Record) -> Step<()> {
        self.lock().insert(id, record, self.most);
        Step::ready(Ok(()))
    }

    fn replace(&self, old: &Id, new: &Id, record: Record) -> Step<bool> {
        let mut kept = self.lock();
        let is_there = kept.remove(old).is_some_and(|record| !record.is_expired());
        if is_there {
            kept.insert(new, record, self.most);
        }
        Step::ready(Ok(is_there))
    }

    fn remove(&self, id: &Id) -> Step<()> {
        self.lock().remove(id);
        Step::ready(Ok(()))
    }
}
