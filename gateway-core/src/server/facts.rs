//! What servers say about themselves.

/// The facts of a server, each defined in one sentence and true as seen from outside.
///
/// Given to the factory at start-up, and in every environ.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerInfo {
    /// Name and version of the server's package, as it stands in its log.
    pub software: &'static str,
    /// The same application value may be called by several threads at once (PEP 3333), a blocking
    /// application's function on the server's pool included.
    pub multithread: bool,
    /// An equivalent application may be called by another process at the same time (PEP 3333).
    pub multiprocess: bool,
    /// Which of the worker processes this one is, from 0, where somebody numbers them. One that replaces
    /// another has its number.
    pub process: Option<usize>,
    /// The same application value may be called again on the same thread before a body it returned
    /// is done.
    pub reentrant: bool,
    /// `call`, the body's `poll_next` and its drop may block, and hold up no other worker's
    /// requests by it.
    pub may_block: bool,
    /// The application is expected to be called only once in this process (PEP 3333).
    pub run_once: bool,
    /// `Event::File` is sent by the system, without its bytes passing through this process.
    pub sendfile: bool,
    /// `StartResponse::inform` reaches a client that can take it.
    pub informational: bool,
    /// Trailers that the response's Trailer field announces reach a client that said it takes
    /// them, on a response without a length.
    pub trailers: bool,
    /// `Environ::take_offer` gives an offer where the client asked for one.
    pub upgrade: bool,
    /// `100 Continue` is sent when the input is first read, and not if it is dropped unread.
    pub lazy_continue: bool,
    /// `Peer::gone` wakes while the application is doing something else, without a read or write.
    pub told_of_disconnect: bool,
    /// A connection that begins with HTTP/2's preface is one of HTTP/2 (RFC 9113 3.3).
    pub http2: bool,
}
