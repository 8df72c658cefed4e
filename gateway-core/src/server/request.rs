//! A request's head as bytes and an index, pooled.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri, Version, header};

use super::syntax::Target;
use super::{Connection, Host, Scheme, Shared, maps};
use crate::environ::Home;
use crate::{Error, Input, Offer};

/// A range of the bytes of a head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte behind the last.
    pub end: u32,
}

impl Span {
    /// A span of a head, which is smaller than 4 GiB.
    pub fn new(start: usize, end: usize) -> Span {
        debug_assert!(start <= end && u32::try_from(end).is_ok());
        Span {
            start: start as u32,
            end: end as u32,
        }
    }

    /// Its length in bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether it has no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The span as a range.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The bytes of a head it stands for; none where it lies outside.
    pub fn of(self, raw: &[u8]) -> &[u8] {
        raw.get(self.range()).unwrap_or_default()
    }
}

/// Where a field's name and value stand in a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSpan {
    /// The name, in the client's case.
    pub name: Span,
    /// The value, without white space around it.
    pub value: Span,
}

/// What an environ is made of. Everything an application may never ask for is computed when asked.
pub(crate) struct Inner {
    pub(crate) raw: Vec<u8>,
    pub(crate) fields: Vec<FieldSpan>,
    pub(crate) method: Method,
    pub(crate) version: Version,
    pub(crate) scheme: Scheme,
    pub(crate) target: Span,
    /// The path inside the target; empty for `*` and an authority.
    pub(crate) path: Span,
    pub(crate) query: Option<Span>,
    /// Where `script_name` ends and `path_info` begins.
    pub(crate) split: u32,
    /// The fields as another library read them, or somebody changed them: it speaks for them.
    pub(crate) given: Option<HeaderMap>,
    /// The fields as a map, made when first asked for.
    built: OnceLock<Box<HeaderMap>>,
    pub(crate) uri: OnceLock<Uri>,
    pub(crate) extensions: Extensions,
    // Only ever reached by `&mut`: the mutex makes an environ `Sync`, and is never locked.
    pub(crate) input: Mutex<Option<Input>>,
    pub(crate) offer: Option<Offer>,
    pub(crate) host: Option<Arc<Host>>,
    pub(crate) connection: Option<Arc<Connection>>,
    pub(crate) shared: Option<Arc<Shared>>,
    pub(crate) home: Option<Arc<Home>>,
}

impl Inner {
    fn new() -> Inner {
        Inner {
            raw: Vec::new(),
            fields: Vec::new(),
            method: Method::GET,
            version: Version::HTTP_11,
            scheme: Scheme::Http,
            target: Span::default(),
            path: Span::default(),
            query: None,
            split: 0,
            given: None,
            built: OnceLock::new(),
            uri: OnceLock::new(),
            extensions: Extensions::new(),
            input: Mutex::new(None),
            offer: None,
            host: None,
            connection: None,
            shared: None,
            home: None,
        }
    }

    fn reset(&mut self) {
        self.raw.clear();
        self.fields.clear();
        self.method = Method::GET;
        self.version = Version::HTTP_11;
        self.scheme = Scheme::Http;
        self.target = Span::default();
        self.path = Span::default();
        self.query = None;
        self.split = 0;
        if let Some(given) = self.given.take() {
            maps::recycle(given);
        }
        self.built.take();
        self.uri.take();
        self.extensions.clear();
        *self.input.get_mut().unwrap_or_else(|e| e.into_inner()) = None;
        self.input.clear_poison();
        self.offer = None;
        self.host = None;
        self.connection = None;
        self.shared = None;
        self.home = None;
    }

    /// The input, if there is one.
    pub(crate) fn input_mut(&mut self) -> Option<&mut Input> {
        let input = self.input.get_mut().unwrap_or_else(|e| e.into_inner());
        input.as_mut()
    }

    /// Adds a field's bytes to those of the head.
    fn copy_field(&mut self, name: &str, value: &[u8]) {
        let start = self.raw.len();
        self.raw.extend_from_slice(name.as_bytes());
        let middle = self.raw.len();
        self.raw.extend_from_slice(value);
        self.fields.push(FieldSpan {
            name: Span::new(start, middle),
            value: Span::new(middle, self.raw.len()),
        });
    }

    /// Has the target be another, with a prefix before its path. Says whether there is a path, and
    /// room.
    pub(crate) fn put_before_path(&mut self, prefix: &[u8]) -> bool {
        let (old, path) = (self.target.range(), self.path);
        let new = self.raw.len();
        let end = new + old.len() + prefix.len();
        if path.is_empty() || u32::try_from(end).is_err() {
            return false;
        }
        self.raw.extend_from_within(old.start..path.start as usize);
        self.raw.extend_from_slice(prefix);
        self.raw.extend_from_within(path.start as usize..old.end);
        let target = (new - old.start) as u32;
        let behind = target + prefix.len() as u32;
        self.target = Span::new(new, end);
        self.path = Span {
            start: path.start + target,
            end: path.end + behind,
        };
        self.query = self.query.map(|query| Span {
            start: query.start + behind,
            end: query.end + behind,
        });
        self.split += behind;
        self.uri.take();
        true
    }

    /// A text of the head. Servers refuse heads whose targets are not ASCII.
    pub(crate) fn text(&self, span: Span) -> &str {
        std::str::from_utf8(span.of(&self.raw)).unwrap_or_default()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        match &self.given {
            Some(given) => given,
            None => self.built.get_or_init(|| Box::new(self.build_headers())),
        }
    }

    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        if self.given.is_none() {
            let built = self.built.take().map(|built| *built);
            self.given = Some(built.unwrap_or_else(|| self.build_headers()));
        }
        self.given.get_or_insert_default()
    }

    /// One copy of the head, shared by all values.
    fn build_headers(&self) -> HeaderMap {
        let raw = Bytes::copy_from_slice(&self.raw);
        let mut map = HeaderMap::with_capacity(self.fields.len());
        for field in &self.fields {
            let name = HeaderName::from_bytes(field.name.of(&raw));
            let value = raw
                .get(field.value.range())
                .map(|_| raw.slice(field.value.range()));
            if let (Ok(name), Some(Ok(value))) = (name, value.map(HeaderValue::from_maybe_shared)) {
                map.append(name, value);
            }
        }
        map
    }
}

thread_local! {
    // The boxes themselves move from hand to hand, so that an environ is one pointer.
    #[allow(clippy::vec_box)]
    static POOL: RefCell<Vec<Box<Inner>>> = const { RefCell::new(Vec::new()) };
}

/// Boxes kept a thread, and the bytes of a head above which a box is not worth keeping.
const KEPT: usize = 128;
const KEPT_BYTES: usize = 16 * 1024;

pub(crate) fn take() -> Box<Inner> {
    let pooled = POOL.try_with(|pool| pool.borrow_mut().pop()).ok().flatten();
    pooled.unwrap_or_else(|| Box::new(Inner::new()))
}

pub(crate) fn recycle(mut inner: Box<Inner>) {
    inner.reset();
    if inner.raw.capacity() > KEPT_BYTES {
        return;
    }
    let _ = POOL.try_with(|pool| {
        let mut pool = pool.borrow_mut();
        if pool.len() < KEPT {
            pool.push(inner);
        }
    });
}

/// A request's head as a server read it: what an [`Exchange`](super::Exchange) is made of.
///
/// The bytes of the head and an index of its fields, in a box that goes back to its thread's pool
/// when the exchange is over. The server must have left out hop-by-hop fields and transfer-codings.
pub struct RequestHead(Option<Box<Inner>>);

impl RequestHead {
    /// An empty head, from the pool.
    pub fn new() -> RequestHead {
        RequestHead(Some(take()))
    }

    fn inner(&mut self) -> &mut Inner {
        self.0
            .as_deref_mut()
            .expect("only exchanges and drop take the box")
    }

    pub(crate) fn into_inner(mut self) -> Box<Inner> {
        self.0.take().expect("only exchanges and drop take the box")
    }

    /// Sets the bytes and their index in one go; `fields` is swapped with a recycled vector, empty.
    ///
    /// Names must be tokens and values free of control characters; what is not is left out of
    /// `environ.headers()`.
    pub fn fill(&mut self, raw: &[u8], fields: &mut Vec<FieldSpan>) {
        let inner = self.inner();
        inner.raw.clear();
        inner.raw.extend_from_slice(raw);
        std::mem::swap(&mut inner.fields, fields);
        fields.clear();
    }

    /// Sets the request line. `target` lies in the bytes and is ASCII; `path` and `query` (without
    /// its `?`) lie in it.
    pub fn line(
        &mut self,
        method: Method,
        version: Version,
        target: Span,
        path: Span,
        query: Option<Span>,
    ) {
        let inner = self.inner();
        inner.method = method;
        inner.version = version;
        inner.target = target;
        inner.path = path;
        inner.query = query;
        inner.split = path.start;
    }

    /// The target, as it was sent.
    pub fn target(&self) -> &str {
        self.0
            .as_deref()
            .map_or("", |inner| inner.text(inner.target))
    }

    /// Bytes of the target, as it was sent.
    pub(crate) fn target_len(&self) -> usize {
        self.0.as_deref().map_or(0, |inner| inner.target.len())
    }

    /// A head of texts, of which the target is still to be looked at: its pieces follow each other.
    pub(crate) fn copy<'a>(
        method: Method,
        version: Version,
        target: &[&str],
        texts: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> RequestHead {
        let mut head = RequestHead::new();
        let inner = head.inner();
        for piece in target {
            inner.raw.extend_from_slice(piece.as_bytes());
        }
        inner.target = Span::new(0, inner.raw.len());
        inner.method = method;
        inner.version = version;
        for (name, value) in texts {
            inner.copy_field(name, value);
        }
        head
    }

    /// The fields of such a head.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let inner = self.0.as_deref();
        inner.into_iter().flat_map(|inner| {
            let text = |field: &FieldSpan| (field.name.of(&inner.raw), field.value.of(&inner.raw));
            inner.fields.iter().map(text)
        })
    }

    /// Leaves out those that are not `kept`.
    pub(crate) fn retain(&mut self, kept: impl Fn(&[u8]) -> bool) {
        let inner = self.inner();
        let mut fields = std::mem::take(&mut inner.fields);
        fields.retain(|field| kept(field.name.of(&inner.raw)));
        inner.fields = fields;
    }

    /// Takes the target apart. An authority in it goes before Host (RFC 9112 3.2.2).
    pub(crate) fn parse_target(&mut self) -> Result<(), Error> {
        let inner = self.inner();
        let target = Target::parse(
            inner.method.as_str().as_bytes(),
            inner.target.of(&inner.raw),
        );
        let target = target.map_err(Error::malformed)?;
        inner.path = target.path;
        inner.query = target.query;
        inner.split = inner.path.start;
        let Some(authority) = target.authority else {
            return Ok(());
        };
        let raw = &inner.raw;
        let host = inner.fields.iter_mut();
        let host = host.into_iter().find(|field| field.name.of(raw) == b"host");
        match host {
            Some(host) if inner.method != Method::CONNECT => host.value = authority,
            Some(_) => {}
            None => {
                inner.copy_field("host", &[]);
                if let Some(host) = inner.fields.last_mut() {
                    host.value = authority;
                }
            }
        }
        Ok(())
    }

    /// A head of another library's parts. The authority of their URI (HTTP/2's `:authority`)
    /// becomes the Host field. See [`Received`](super::Received) for one that came off a
    /// connection.
    ///
    /// # Errors
    ///
    /// Malformed (400) if the method has no such target, or it has a byte that no URI has, or 4 GiB.
    pub fn from_parts(parts: http::request::Parts) -> Result<RequestHead, Error> {
        let mut head = RequestHead::new();
        let inner = head.inner();
        let uri = &parts.uri;
        // CONNECT has an authority for its target, but not HTTP/2's extended one (RFC 8441 4).
        let is_extended = parts.version >= Version::HTTP_2 && uri.scheme().is_some();
        let bare_connect = parts.method == Method::CONNECT && !is_extended;
        write_target(&mut inner.raw, uri, parts.version);
        if u32::try_from(inner.raw.len()).is_err() {
            return Err(Error::malformed("a request target of 4 GiB"));
        }
        let method = match parts.method == Method::CONNECT && !bare_connect {
            true => Method::GET.as_str(),
            false => parts.method.as_str(),
        };
        let target = Target::parse(method.as_bytes(), &inner.raw).map_err(Error::malformed)?;
        inner.target = Span::new(0, inner.raw.len());
        inner.path = target.path;
        inner.query = target.query;
        inner.split = inner.path.start;
        let mut headers = parts.headers;
        // The target's authority goes before Host (RFC 9112 3.2.2, RFC 9113 8.3.1).
        if let Some(authority) = uri.authority()
            && !(bare_connect && headers.contains_key(header::HOST))
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            headers.insert(header::HOST, host);
        }
        inner.method = parts.method;
        inner.version = parts.version;
        inner.extensions = parts.extensions;
        inner.given = Some(headers);
        Ok(head)
    }
}

/// The target as it was sent. HTTP/2 has the origin-form's parts in pseudo-fields.
fn write_target(raw: &mut Vec<u8>, uri: &Uri, version: Version) {
    match (uri.scheme_str(), uri.authority()) {
        (None, Some(authority)) => return raw.extend_from_slice(authority.as_str().as_bytes()),
        (Some(scheme), Some(authority)) if version < Version::HTTP_2 => {
            raw.extend_from_slice(scheme.as_bytes());
            raw.extend_from_slice(b"://");
            raw.extend_from_slice(authority.as_str().as_bytes());
        }
        _ => {}
    }
    raw.extend_from_slice(uri.path().as_bytes());
    if let Some(query) = uri.query() {
        raw.push(b'?');
        raw.extend_from_slice(query.as_bytes());
    }
}

impl Default for RequestHead {
    fn default() -> RequestHead {
        RequestHead::new()
    }
}

impl Drop for RequestHead {
    fn drop(&mut self) {
        if let Some(inner) = self.0.take() {
            recycle(inner);
        }
    }
}

impl fmt::Debug for RequestHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(inner) = &self.0 else {
            return f.write_str("RequestHead(taken)");
        };
        f.debug_struct("RequestHead")
            .field("method", &inner.method)
            .field("target", &inner.text(inner.target))
            .finish_non_exhaustive()
    }
}
