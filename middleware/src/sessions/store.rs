//! Where sessions are kept.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use rgi_core::Error;

/// Keeps sessions. What it does may take its time ([`Step`]).
///
/// Its records end by themselves: one that has [expired](Record::is_expired) may be handed out, and is
/// not used. Of two that replace one at the same time, and keep its id, the last one wins; of two that
/// give it another one, and of one that removes it, the first one.
pub trait Store: Send + Sync {
    /// The record under an id.
    fn load(&self, id: &Id) -> Step<Option<Record>>;

    /// Keeps a record under a new id.
    fn insert(&self, id: &Id, record: Record) -> Step<()>;

    /// Keeps a record under `new` in place of the one under `old`, which may be the same id. Where there is
    /// none under `old`, or one that has ended, it keeps nothing, and says false: who was slow brings no
    /// session back that was removed meanwhile. Nobody comes in between.
    fn replace(&self, old: &Id, new: &Id, record: Record) -> Step<bool>;

    /// Forgets a record.
    fn remove(&self, id: &Id) -> Step<()>;
}

/// What a store does: done, or a future. No box is needed for what is done.
#[must_use = "a step does nothing until it is polled"]
pub struct Step<T>(Inner<T>);

enum Inner<T> {
    Ready(Option<Result<T, Error>>),
    Future(Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>),
}

impl<T> Step<T> {
    /// Done.
    pub fn ready(result: Result<T, Error>) -> Step<T> {
        Step(Inner::Ready(Some(result)))
    }

    /// Done when the future is.
    pub fn future(future: impl Future<Output = Result<T, Error>> + Send + 'static) -> Step<T> {
        Step(Inner::Future(Box::pin(future)))
    }
}

impl<T> fmt::Debug for Step<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step").finish_non_exhaustive()
    }
}

// The result is moved out, and never pinned.
impl<T> Unpin for Step<T> {}

impl<T> Future for Step<T> {
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.get_mut().0 {
            Inner::Ready(result) => Poll::Ready(
                result
                    .take()
                    .unwrap_or_else(|| Err(Error::misuse("a step polled when done"))),
            ),
            Inner::Future(future) => future.as_mut().poll(cx),
        }
    }
}

/// The id of a session: 256 random bits, hexadecimal. Who has it has the session.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(String);

impl Id {
    /// A new one.
    ///
    /// # Errors
    ///
    /// What the system's source of randomness says.
    pub(super) fn random() -> Result<Id, Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| Error::new(error.to_string()))?;
        Ok(Id(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// One that a client sent, if it has the form of one.
    pub(super) fn parse(text: &str) -> Option<Id> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 64 && text.bytes().all(is_digit)).then(|| Id(text.to_owned()))
    }

    /// Its 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Logs are no place for what opens sessions.
        f.write_str("Id(..)")
    }
}

/// What is kept of a session.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// The values, as one line of ASCII.
    pub data: String,
    /// When it ends.
    pub expires: SystemTime,
}

impl Record {
    /// Whether it has ended.
    pub fn is_expired(&self) -> bool {
        self.expires <= SystemTime::now()
    }

    /// How long it is to live.
    pub(super) fn left(&self) -> Duration {
        self.expires
            .duration_since(SystemTime::now())
            .unwrap_or_default()
    }

    pub(super) fn of_cookie(text: &str) -> Option<Record> {
        let (seconds, data) = text.split_once(' ')?;
        let since = Duration::from_secs(seconds.parse().ok()?);
        Some(Record {
            data: data.to_owned(),
            expires: SystemTime::UNIX_EPOCH.checked_add(since)?,
        })
    }

    pub(super) fn to_cookie(&self) -> String {
        let since = self.expires.duration_since(SystemTime::UNIX_EPOCH);
        format!("{} {}", since.unwrap_or_default().as_secs(), self.data)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.data.len();
        f.debug_struct("Record")
            .field("bytes", &len)
            .field("expires", &self.expires)
            .finish()
    }
}
