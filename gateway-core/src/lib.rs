//! RGI, the Rust Gateway Interface: what PEP 3333 (WSGI) and ASGI are to Python.
//!
//! An application is a function from `(environ, start_response)` to a **body iterator**, which
//! yields **events**; the first is the head that `start_response` made. One trait, [`App`], serves
//! processes, threads, readiness loops and tokio tasks; servers differ in what they ask of an
//! application's auto traits, never in the interface.
//!
//! ```
//! use rgi_core::{Environ, Full, StartResponse, StatusCode, app_fn, field, media, testing::Client};
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response
//!         .start(StatusCode::OK)
//!         .header(field::CONTENT_TYPE, media::TEXT_PLAIN)
//!         .full("Hello, World!\n")
//! }
//!
//! let reply = Client::new(app_fn(hello)).get("/").send();
//! assert_eq!(reply.status(), 200);
//! assert_eq!(reply.text(), "Hello, World!\n");
//! ```
//!
//! # Where things are
//!
//! | for | see |
//! |---|---|
//! | writing an application | [`App`], [`app_fn`], [`async_fn`], [`blocking`]; [`Environ`], [`Input`]; [`StartResponse`], [`Started`] |
//! | one made once a worker | [`LocalLifespan`], [`launch`], [`MakeApp`] |
//! | writing a middleware | [`middleware`], [`AppExt`], [`BodyExt`], [`Hold`] |
//! | writing a server | [`server`] |
//! | testing without a server | [`testing`] |
//!
//! # What types hold
//!
//! No ready-made body without a start, no second start without an error in hand ([`Fallback`]), no
//! framing or hop-by-hop field ([`FieldName`]), no upgrade that was not offered ([`Offer`]), no 1xx
//! after the start, no text where bytes belong. Tokens are affine, not linear: one that is dropped
//! unused means 500. A hand-written stream can still break the grammar of events; the commit
//! machine ([`server::Response`]) then answers 500, or cuts.
#![forbid(unsafe_code)]

mod app;
mod body;
mod environ;
mod error;
mod event;
pub mod field;
mod file;
mod head;
mod input;
pub mod middleware;
mod quiet;
pub mod rt;
pub mod server;
mod start;
pub mod testing;
mod upgrade;
mod worker;

pub use bytes::Bytes;
pub use futures_core::Stream;
pub use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version};

pub use app::{
    App, AppFn, AsyncFnApp, AsyncFnWith, Blocking, BlockingLocal, app_fn, async_fn, async_fn_with,
    blocking, blocking_local,
};
pub use body::{
    BlockingBody, Body, BodyExt, BoxBody, CancelBody, CatchPanics, Either, FileBody, Flatten, Full,
    Hold, Iter, LocalBoxBody, MapDataBody, MapStartBody, Promised, Push, Recover, Streaming,
    Upgrading, Write, Writer,
};
pub use environ::{
    End, Environ, Facts, Gone, Loan, Outcome, Peer, Sleep, Stopping, Timer, Vars, percent_decode,
};
pub use error::Error;
pub use event::Event;
pub use field::{FieldName, media};
pub use file::FileRegion;
pub use head::Head;
pub use input::{Collect, Input, Reader};
pub use middleware::{AppExt, EditHead, Middleware, Next, layer};
pub use server::{Address, Connection, Errors, Scheme, ServerInfo, Tls};
pub use start::{Fallback, StartResponse, Started};
pub use upgrade::{Accepted, BlockingIo, Offer, Upgrade, Upgraded};
pub use worker::{
    Factory, IntoLifespan, Launch, Lifespan, LocalLifespan, MakeApp, Shared, Worker, launch, marker,
};

/// An application of any type, shared by threads.
pub type BoxApp = std::sync::Arc<dyn App<Body = BoxBody> + Send + Sync>;

/// An application of any type that stays on its thread.
pub type LocalBoxApp = std::rc::Rc<dyn App<Body = LocalBoxBody>>;

const _: () = {
    const fn send<T: Send>() {}
    const fn sync<T: Sync>() {}
    send::<Event>();
    send::<Environ>();
    sync::<Environ>();
    send::<Input>();
    send::<BoxBody>();
    assert!(size_of::<Started>() == size_of::<usize>());
    assert!(size_of::<Environ>() == size_of::<usize>());
    assert!(size_of::<Error>() == size_of::<usize>());
    assert!(size_of::<std::task::Poll<Option<Result<Event, Error>>>>() <= 40);
};

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
