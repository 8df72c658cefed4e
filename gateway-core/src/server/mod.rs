//! For server authors: what turns a request into a call and a body into a response.
//!
//! A server reads a [`RequestHead`], makes an [`Exchange`] of it, [calls](Exchange::call) the
//! application, and drives the [`Response`] it gets: first [`poll_head`](Response::poll_head), then
//! [`poll_payload`](Response::poll_payload) until the end, then [`finish`](Response::finish). The
//! [`Response`] is the commit machine: it alone polls bodies, and it decides what is sent, so that
//! all servers behave alike.

mod config;
mod exchange;
mod facts;
mod host;
mod listen;
mod load;
pub(crate) mod maps;
mod network;
mod pool;
mod proxy;
mod pulse;
mod received;
mod request;
mod response;
mod rules;
mod socket;
mod stop;
pub mod syntax;
mod traits;

pub use config::{Config, Limits};
pub use exchange::{Exchange, HangUp};
pub(crate) use exchange::{Over, Shared};
pub use facts::ServerInfo;
pub use host::{Address, Connection, Errors, Host, Level, Log, Scheme, Stderr, Tls};
pub use listen::{Listener, Server};
pub use load::{Gauge, Load};
pub use network::Network;
pub use pool::Pool;
pub use proxy::{ProxyHeader, ProxyProtocol};
pub use pulse::{Beat, Pulse};
pub use received::{Line, Received, leave_behind};
pub use request::{FieldSpan, RequestHead, Span};
pub(crate) use request::{Inner, recycle};
pub use response::{Commit, Cut, Ending, Response};
pub use rules::{Framing, Payload, Rules, Verdict};
pub use socket::Socket;
pub use stop::Stop;
pub use traits::{Around, Informer, InputSource, Offload, PoolState, Timer, Transport, Work};

pub use crate::head::PooledHead;
