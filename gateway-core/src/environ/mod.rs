//! What an application is told of a request.

mod cgi;
mod decode;
mod facts;
mod loan;
mod outcome;
mod peer;
mod stopping;
mod target;
mod timer;
mod uri;
mod url;

use std::fmt;
use std::sync::{Arc, PoisonError};

use http::{Extensions, HeaderMap, HeaderName, Method, Version};

pub use cgi::Vars;
pub use decode::percent_decode;
pub use facts::Facts;
pub(crate) use loan::Home;
pub use loan::Loan;
pub use outcome::{End, Outcome};
pub use peer::{Gone, Peer};
pub use stopping::Stopping;
pub use timer::{Sleep, Timer};

use crate::server::{
    Address, Connection, Errors, Host, Inner, Load, PoolState, Scheme, ServerInfo, Shared,
};
use crate::{Error, Input, Offer};

/// The request, and the server around it. Owned by the application, `Send` and `Sync`, one pointer
/// wide.
///
/// Typed where PEP 3333 has a dictionary: what is always there needs no check, what may be missing
/// is an `Option`. Hop-by-hop fields and transfer-codings are the server's and do not appear.
/// [`vars`](Self::vars) is the dictionary, for those who need it.
pub struct Environ(Option<Box<Inner>>);

impl Environ {
    pub(crate) fn new(inner: Box<Inner>) -> Environ {
        Environ(Some(inner))
    }

    fn inner(&self) -> &Inner {
        self.0
            .as_deref()
            .expect("only drop and moves out take the box")
    }

    pub(crate) fn inner_mut(&mut self) -> &mut Inner {
        self.0
            .as_deref_mut()
            .expect("only drop and moves out take the box")
    }

    pub(crate) fn host(&self) -> &Arc<Host> {
        self.inner().host.as_ref().expect("an exchange sets it")
    }

    fn shared(&self) -> &Arc<Shared> {
        self.inner().shared.as_ref().expect("an exchange sets it")
    }

    /// The method (`REQUEST_METHOD`).
    pub fn method(&self) -> &Method {
        &self.inner().method
    }

    /// Changes the method, for whoever calls on.
    pub fn set_method(&mut self, method: Method) {
        self.inner_mut().method = method;
    }

    /// The version the client speaks (`SERVER_PROTOCOL`).
    pub fn version(&self) -> Version {
        self.inner().version
    }

    /// The request target as it was sent: ASCII, nothing decoded, nothing normalised. A middleware may
    /// have [set](Self::set_target) another, or [put a prefix before it](Self::restore_prefix).
    pub fn target(&self) -> &str {
        let inner = self.inner();
        inner.text(inner.target)
    }

    /// The part of the raw path the application is mounted under (`SCRIPT_NAME`): `""` or
    /// `/a/b`, never `/`.
    pub fn script_name(&self) -> &str {
        let inner = self.inner();
        inner.text(crate::server::Span {
            start: inner.path.start,
            end: inner.split,
        })
    }

    /// The rest of the raw path (`PATH_INFO`): `""` or beginning with a slash. It and
    /// [`script_name`](Self::script_name) are one split of the same path. Not decoded: see
    /// [`path_decoded`](Self::path_decoded).
    pub fn path_info(&self) -> &str {
        let inner = self.inner();
        inner.text(crate::server::Span {
            start: inner.split,
            end: inner.path.end,
        })
    }

    /// [`path_info`](Self::path_info), percent-decoded once. Bytes, because nobody promises UTF-8.
    pub fn path_decoded(&self) -> std::borrow::Cow<'_, [u8]> {
        percent_decode(self.path_info())
    }

    /// The query, without its `?`, raw (`QUERY_STRING`). `None` where there is no `?`.
    pub fn query(&self) -> Option<&str> {
        let inner = self.inner();
        inner.query.map(|span| inner.text(span))
    }

    /// Moves `prefix` from the beginning of `path_info` to the end of `script_name`, if it ends
    /// where a segment ends. Says whether it did. The prefix begins with a slash and does not end
    /// with one; it is compared with the raw path.
    pub fn mount(&mut self, prefix: &str) -> bool {
        let fits = self.fits(prefix);
        if fits {
            self.inner_mut().split += prefix.len() as u32;
        }
        fits
    }

    /// Puts a prefix, which a proxy took off, before the path again, as a part of `script_name`: the
    /// target is from here on the one that the client asked for. For a middleware that believes a proxy.
    ///
    /// Says whether it did. The prefix begins with a slash, does not end with one, and has no byte that
    /// no path has; and the target has to have a path.
    pub fn restore_prefix(&mut self, prefix: &str) -> bool {
        let is_path = prefix.starts_with('/') && !prefix.ends_with('/');
        is_path
            && crate::server::syntax::PATH.spells(prefix.as_bytes())
            && self.inner_mut().put_before_path(prefix.as_bytes())
    }

    fn fits(&self, prefix: &str) -> bool {
        let rest = self.path_info();
        prefix.starts_with('/')
            && !prefix.ends_with('/')
            && rest
                .strip_prefix(prefix)
                .is_some_and(|r| r.is_empty() || r.starts_with('/'))
    }

    /// Whether it lies where the deployer mounted the application.
    pub(crate) fn is_inside(&self) -> bool {
        let script_name = &self.host().script_name;
        script_name.is_empty() || self.fits(script_name)
    }

    /// Mounts what the deployer said; what lies outside is not there.
    #[inline]
    pub(crate) fn mount_script_name(&mut self) -> Option<Error> {
        match self.host().script_name.is_empty() {
            true => None,
            false => self.mount_below(),
        }
    }

    fn mount_below(&mut self) -> Option<Error> {
        let host = self.host().clone();
        if self.mount(&host.script_name) {
            return None;
        }
        let text = format!("{} lies outside {}", self.target(), host.script_name);
        Some(Error::new(text).with_status(http::StatusCode::NOT_FOUND))
    }

    /// One field's first value, looked up without making a map. Names compare without case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let inner = self.inner();
        if let Some(map) = &inner.given {
            return map.get(name).map(|value| value.as_bytes());
        }
        inner.fields.iter().find_map(|field| {
            let same = field
                .name
                .of(&inner.raw)
                .eq_ignore_ascii_case(name.as_bytes());
            same.then(|| field.value.of(&inner.raw))
        })
    }

    /// The header fields, repeats in order. The map is made when first asked for.
    pub fn headers(&self) -> &HeaderMap {
        self.inner().headers()
    }

    /// The header fields, to change.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        self.inner_mut().headers_mut()
    }

    /// How the client reached the server's last hop (`wsgi.url_scheme`).
    pub fn scheme(&self) -> Scheme {
        self.inner().scheme
    }

    /// Changes the scheme, for a middleware that believes a proxy.
    pub fn set_scheme(&mut self, scheme: Scheme) {
        self.inner_mut().scheme = scheme;
    }

    /// The client's address.
    pub fn remote(&self) -> &Address {
        &self.connection().peer
    }

    /// The server's address.
    pub fn local(&self) -> &Address {
        &self.connection().local
    }

    /// The connection: both addresses and the facts of its TLS.
    pub fn connection(&self) -> &Connection {
        self.inner()
            .connection
            .as_ref()
            .expect("an exchange sets it")
    }

    /// Replaces the connection's facts, for a middleware that believes a proxy.
    pub fn set_connection(&mut self, connection: Connection) {
        self.inner_mut().connection = Some(Arc::new(connection));
    }

    /// Typed values that middleware passes on.
    pub fn extensions(&self) -> &Extensions {
        &self.inner().extensions
    }

    /// Typed values, to add to.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.inner_mut().extensions
    }

    /// The request's body (`wsgi.input`).
    pub fn input(&mut self) -> &mut Input {
        self.inner_mut()
            .input
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert_default()
    }

    /// Takes the request's body out; an empty one stays.
    pub fn take_input(&mut self) -> Input {
        std::mem::take(self.input())
    }

    /// Replaces the request's body by what `f` makes of it.
    pub fn map_input(&mut self, f: impl FnOnce(Input) -> Input) {
        let input = f(self.take_input());
        *self.input() = input;
    }

    /// What the client asked to switch to, once, if the server can.
    pub fn take_offer(&mut self) -> Option<Offer> {
        self.inner_mut().offer.take()
    }

    /// The facts of the server.
    pub fn server(&self) -> &ServerInfo {
        &self.host().info
    }

    /// How much the server has to do in this process. `None` where it does not say.
    pub fn load(&self) -> Option<Load> {
        self.host().gauge.as_ref().map(|gauge| gauge.load())
    }

    /// How busy the threads are that [`blocking`](crate::blocking) applications run on, which all workers
    /// of the process share: the server's pool for blocking steps or, where the server may block, the
    /// pool that calls the application. `None` where there is neither, or nobody says.
    pub fn pool(&self) -> Option<PoolState> {
        match &self.host().offload {
            Some(offload) => offload.state(),
            None => self.load()?.threads,
        }
    }

    /// Whether the server was told to stop, gracefully or at once: it takes no more clients, and ends
    /// each connection behind its answer. An application says so to whoever sends it clients: it is not
    /// ready.
    pub fn is_stopping(&self) -> bool {
        self.host().stop.is_told()
    }

    /// Wakes as soon as the server is told to stop, for answers without an end of their own, such as
    /// events: they are cut when the server's graceful time is over. It outlives the environ.
    pub fn stopping(&self) -> Stopping {
        Stopping::new(self.host().stop.clone())
    }

    /// The server's own clock, on every model.
    pub fn timer(&self) -> Timer {
        Timer::new(self.host().timer.clone())
    }

    /// Text for the server's log (`wsgi.errors`).
    pub fn errors(&self) -> Errors {
        Errors::new(self.host().log.clone())
    }

    /// One of the deployer's values.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.host().var(name)
    }

    /// PEP 3333's dictionary: CGI variables and the deployer's values, computed as they are read.
    pub fn vars(&self) -> Vars<'_> {
        Vars::new(self)
    }

    /// The URL as the client sees it, by PEP 3333's reconstruction: scheme, Host (or the local
    /// address), script_name, path_info, query.
    pub fn url(&self) -> String {
        url::reconstruct(self)
    }

    /// Whether the client is still there. A handle that outlives the environ.
    pub fn peer(&self) -> Peer {
        Peer::new(self.shared().clone())
    }

    /// Registers a hook for the end of the exchange. It always runs, once, after the body was
    /// dropped; the last registered runs first; at once if the exchange is over. Its panics are
    /// its own. It is `Send`: clean-up of what is not belongs into the body's `Drop`.
    ///
    /// The body is what the server holds. Of a [`blocking`](crate::blocking) application on a pool
    /// that is a handle: its iterator is dropped on the pool, and hooks may run before that, even
    /// while its last step still runs.
    pub fn on_finish(&self, hook: impl FnOnce(&Outcome<'_>) + Send + 'static) {
        self.shared().on_finish(Box::new(hook));
    }

    /// Lends the environ to an application that may not want it, for cascades and retries: when
    /// the borrower drops it, it goes back to the loan.
    pub fn lend(mut self) -> (Environ, Loan) {
        let inner = self.0.take().expect("only drop and moves out take the box");
        Loan::of(inner)
    }

    /// Whether it is [lent](Self::lend): somebody may have it back, and would miss what was taken out.
    pub fn is_lent(&self) -> bool {
        self.inner().home.is_some()
    }

    /// The request in another library's terms. The environ's extensions go along. Who does more with
    /// the target than show it asks [`try_uri`](Self::try_uri) before.
    pub fn into_request(mut self) -> http::Request<Input> {
        // What is left of it is of no use to a loan.
        self.inner_mut().home = None;
        let input = self.take_input();
        let mut request = http::Request::new(input);
        *request.uri_mut() = self.uri().clone();
        *request.version_mut() = self.version();
        *request.headers_mut() = std::mem::take(self.headers_mut());
        let inner = self.inner_mut();
        *request.method_mut() = std::mem::replace(&mut inner.method, Method::GET);
        *request.extensions_mut() = std::mem::take(&mut inner.extensions);
        request
    }

    /// The fields with their names in CGI's manner.
    fn each_header(&self) -> impl Iterator<Item = (&HeaderName, &[u8])> {
        self.headers()
            .iter()
            .map(|(name, value)| (name, value.as_bytes()))
    }
}

impl Drop for Environ {
    fn drop(&mut self) {
        if let Some(inner) = self.0.take() {
            loan::give_back(inner);
        }
    }
}

impl fmt::Debug for Environ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environ")
            .field("method", self.method())
            .field("target", &self.target())
            .field("version", &self.version())
            .field("script_name", &self.script_name())
            .field("headers", self.headers())
            .finish_non_exhaustive()
    }
}
