//! The head of a response, pooled.

use std::cell::RefCell;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::field::is_servers;
use crate::server::{Informer, maps};
use crate::{Error, FieldName};

/// Status and header fields of a response.
///
/// Framing is not a field: [`length`](Self::length) is `content-length`, the protocol switched to
/// is [`protocol`](Self::protocol), and hop-by-hop names cannot be written here. Fields keep the
/// order they were appended in.
pub struct Head {
    /// The status. 1xx is refused at commit; 101 is [`Started::upgrade`](crate::Started::upgrade)'s.
    pub status: StatusCode,
    fields: Vec<(FieldName, HeaderValue)>,
    length: Option<u64>,
    file: bool,
    protocol: Option<HeaderValue>,
    cause: Option<Error>,
    pub(crate) informer: Option<Arc<dyn Informer>>,
    /// The number of the exchange it came with; 0 is unknown.
    exchange: u32,
}

impl Head {
    fn new() -> Head {
        Head {
            status: StatusCode::OK,
            fields: Vec::with_capacity(8),
            length: None,
            file: false,
            protocol: None,
            cause: None,
            informer: None,
            exchange: 0,
        }
    }

    pub(crate) fn exchange(&self) -> Option<u32> {
        Some(self.exchange).filter(|number| *number != 0)
    }

    pub(crate) fn set_exchange(&mut self, number: u32) {
        self.exchange = number;
    }

    /// The fields in the order they go out in.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&FieldName, &HeaderValue)> {
        self.fields.iter().map(|(n, v)| (n, v))
    }

    /// The first value of a field.
    pub fn get(&self, name: &FieldName) -> Option<&HeaderValue> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// Every value of a field, in order.
    pub fn get_all<'a>(&'a self, name: &'a FieldName) -> impl Iterator<Item = &'a HeaderValue> {
        self.fields
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, v)| v)
    }

    /// Adds a field behind those that are there; repeats go out as separate lines.
    pub fn append(&mut self, name: FieldName, value: HeaderValue) {
        self.fields.push((name, value));
    }

    /// Sets a field to one value; returns the first of those that it had.
    pub fn insert(&mut self, name: FieldName, value: HeaderValue) -> Option<HeaderValue> {
        let old = self.remove(&name);
        self.append(name, value);
        old
    }

    /// Takes every value of a field out; returns the first.
    pub fn remove(&mut self, name: &FieldName) -> Option<HeaderValue> {
        let at = self.fields.iter().position(|(n, _)| n == name)?;
        let (_, value) = self.fields.remove(at);
        self.fields.retain(|(n, _)| n != name);
        Some(value)
    }

    /// The number of body bytes promised, if it is known.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Promises a number of body bytes, or leaves it to the server. A middleware that changes the
    /// body sets `None`.
    pub fn set_length(&mut self, bytes: Option<u64>) {
        self.length = bytes;
    }

    /// Whether the body is a part of a file, as [`Started::file`](crate::Started::file) says. Of a HEAD or
    /// a 304, whose body nobody asks for, it tells what that of the 200 would be.
    pub fn is_file(&self) -> bool {
        self.file
    }

    /// Says whether the body is a part of a file. A middleware that reads it and sends blocks instead
    /// says `false`.
    pub fn set_file(&mut self, is_file: bool) {
        self.file = is_file;
    }

    /// The protocol the connection is switched to, of an upgrade.
    pub fn protocol(&self) -> Option<&HeaderValue> {
        self.protocol.as_ref()
    }

    pub(crate) fn set_protocol(&mut self, protocol: HeaderValue) {
        self.protocol = Some(protocol);
    }

    /// The error this head answers, put there by [`Fallback::start`](crate::Fallback::start) for
    /// the server's log. It is never sent.
    pub fn cause(&self) -> Option<&Error> {
        self.cause.as_ref()
    }

    pub(crate) fn set_cause(&mut self, cause: Error) {
        self.cause = Some(cause);
    }

    pub(crate) fn take_cause(&mut self) -> Option<Error> {
        self.cause.take()
    }

    /// Takes over the fields of another library's response: `content-length` becomes
    /// [`length`](Self::length) (a value that is no number is dropped), other fields of the
    /// server's are left behind, and so are those that `connection` names (RFC 9110 7.6.1).
    pub fn adopt(&mut self, headers: HeaderMap) {
        let nominated = nominated(&headers);
        let mut last: Option<HeaderName> = None;
        for (name, value) in headers {
            let Some(name) = name.or_else(|| last.clone()) else {
                continue;
            };
            last = Some(name.clone());
            if name == http::header::CONTENT_LENGTH {
                self.length = decimal(value.as_bytes());
            } else if !is_servers(name.as_str().as_bytes())
                && !nominated.contains(&name)
                && let Ok(name) = FieldName::try_from(name)
            {
                self.append(name, value);
            }
        }
    }

    /// Takes the fields out as a map, in another library's terms. Length and protocol are not in
    /// it.
    pub fn take_header_map(&mut self) -> HeaderMap {
        // Those of the server's come on top.
        let mut map = maps::take(self.fields.len() + 2);
        for (name, value) in self.fields.drain(..) {
            map.append(HeaderName::from(name), value);
        }
        map
    }

    /// Another one of the same status and fields.
    pub(crate) fn copy(&self) -> PooledHead {
        let mut copy = PooledHead::new();
        copy.status = self.status;
        copy.fields.extend_from_slice(&self.fields);
        copy
    }

    pub(crate) fn clear(&mut self) {
        self.status = StatusCode::OK;
        self.fields.clear();
        self.length = None;
        self.file = false;
        self.protocol = None;
        self.cause = None;
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("status", &self.status)
            .field("fields", &self.fields)
            .field("length", &self.length)
            .field("protocol", &self.protocol)
            .field("cause", &self.cause)
            .finish()
    }
}

/// The fields that `connection` names.
fn nominated(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(http::header::CONNECTION).iter();
    values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .collect()
}

/// Digits alone: no sign, no list.
fn decimal(text: &[u8]) -> Option<u64> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    digits.then(|| std::str::from_utf8(text).ok()?.parse().ok())?
}

/// A [`Head`] in a box that goes back to its thread's pool when dropped. One pointer wide.
#[derive(Debug)]
pub struct PooledHead(Option<Box<Head>>);

thread_local! {
    // The boxes themselves move from hand to hand, so that a head is one pointer.
    #[allow(clippy::vec_box)]
    static POOL: RefCell<Vec<Box<Head>>> = const { RefCell::new(Vec::new()) };
}

/// Boxes kept a thread, and the number of fields above which a box is not worth keeping.
const KEPT: usize = 128;
const KEPT_FIELDS: usize = 64;

impl PooledHead {
    pub(crate) fn new() -> PooledHead {
        let pooled = POOL.try_with(|pool| pool.borrow_mut().pop()).ok().flatten();
        PooledHead(Some(pooled.unwrap_or_else(|| Box::new(Head::new()))))
    }
}

impl Deref for PooledHead {
    type Target = Head;

    fn deref(&self) -> &Head {
        self.0.as_deref().expect("only drop takes the box")
    }
}

impl DerefMut for PooledHead {
    fn deref_mut(&mut self) -> &mut Head {
        self.0.as_deref_mut().expect("only drop takes the box")
    }
}

impl Drop for PooledHead {
    fn drop(&mut self) {
        let Some(mut head) = self.0.take() else {
            return;
        };
        if head.fields.capacity() > KEPT_FIELDS {
            return;
        }
        head.clear();
        head.informer = None;
        head.exchange = 0;
        let _ = POOL.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            if pool.len() < KEPT {
                pool.push(head);
            }
        });
    }
}
