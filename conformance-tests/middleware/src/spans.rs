//! Who listens to `tracing`, for the whole process: each span goes to the notes of its own run.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, Once, PoisonError};

use rgi_conformance::Notes;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Span, Subscriber, subscriber};

/// What a line tells of a span, by the names of its fields.
const TOLD: [&str; 5] = [
    "http.request.method",
    "url.path",
    "http.response.status_code",
    "http.response.body.size",
    "rgi.outcome",
];

/// The spans that are open.
static OPEN: LazyLock<Mutex<HashMap<u64, Open>>> = LazyLock::new(Mutex::default);

thread_local! {
    /// Those that this thread is in.
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

#[derive(Default)]
struct Open {
    holds: usize,
    fields: Fields,
    notes: Option<Notes>,
}

/// In the order of [`TOLD`].
#[derive(Default)]
struct Fields([Option<String>; TOLD.len()]);

impl Fields {
    fn set(&mut self, field: &Field, value: String) {
        if let Some(at) = TOLD.iter().position(|name| *name == field.name()) {
            self.0[at] = Some(value);
        }
    }

    fn line(&self) -> String {
        let values = self.0.iter().map(|value| value.as_deref().unwrap_or("-"));
        format!("span: {}", values.collect::<Vec<_>>().join(" "))
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set(field, format!("{value:?}"));
    }
}

/// Begins to listen.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    // A program with a listener of its own keeps it, and the cases fail.
    ONCE.call_once(|| drop(subscriber::set_global_default(Listener)));
}

/// Has a line about a span added to these notes when it closes.
pub(crate) fn note(span: &Span, notes: Notes) {
    let id = span.id().map_or(0, |id| id.into_u64());
    if let Some(open) = open().get_mut(&id) {
        open.notes = Some(notes);
    }
}

/// Whether this thread is in a span.
pub(crate) fn is_inside(span: &Span) -> bool {
    let id = span.id().map(|id| id.into_u64());
    ENTERED.with_borrow(|entered| id.is_some() && entered.last().copied() == id)
}

fn open() -> MutexGuard<'static, HashMap<u64, Open>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target() == "rgi"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let id = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        let mut made = Open {
            holds: 1,
            ..Open::default()
        };
        span.record(&mut made.fields);
        open().insert(id, made);
        Id::from_u64(id)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        if let Some(open) = open().get_mut(&id.into_u64()) {
            values.record(&mut open.fields);
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, id: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(id.into_u64()));
    }

    fn exit(&self, _: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.pop());
    }

    fn clone_span(&self, id: &Id) -> Id {
        if let Some(open) = open().get_mut(&id.into_u64()) {
            open.holds += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let mut spans = open();
        let id = id.into_u64();
        let Some(open) = spans.get_mut(&id) else {
            return false;
        };
        open.holds -= 1;
        if open.holds > 0 {
            return false;
        }
        let closed = spans.remove(&id);
        drop(spans);
        if let Some(Open { fields, notes, .. }) = closed
            && let Some(notes) = notes
        {
            notes.add(fields.line());
        }
        true
    }
}
