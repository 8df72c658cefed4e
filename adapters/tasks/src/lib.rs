//! Connections of an RGI server on tokio tasks: what such servers have in common, whichever engine
//! reads and writes the protocol.
//!
//! For server authors. An [`Acceptor`] takes connections, and a [`Census`] counts them; a [`Stream`]
//! is one's socket; a [`Watch`] knows what a connection waits for, and an [`Alarm`] comes up when
//! that takes too long; a [`Job`] is a request under way; [`pool`] makes the
//! threads of blocking lifts; [`named`] asks a connection's proxy whose it is; a [`Server`] is what all connections know.
//!
//! ```
//! use std::io::IoSlice;
//!
//! use rgi_core::server::{Config, Listener, Stop};
//! use rgi_tasks::{Acceptor, Census, Told};
//! use tokio::sync::watch;
//!
//! /// Greets whoever comes, and closes.
//! async fn greet(listener: Listener, stop: Stop) -> std::io::Result<()> {
//!     let config = Config::default();
//!     let census = Census::new(config.max_connections);
//!     let (tell, told) = watch::channel(Told::Nothing);
//!     let order = stop.clone();
//!     stop.on_change(move || drop(tell.send_replace(Told::by(&order))));
//!     let mut acceptor = Acceptor::new(vec![listener], config, census, told)?;
//!     while let Some((stream, _seat)) = acceptor.next().await {
//!         let hello = [IoSlice::new(b"Hello!\n")];
//!         std::future::poll_fn(|cx| stream.poll_write(cx, &hello)).await?;
//!     }
//!     Ok(())
//! }
//!
//! # use std::io::Read;
//! let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! let address = listener.local_addr()?;
//! let stop = Stop::new();
//! let order = stop.clone();
//! let client = std::thread::spawn(move || {
//!     let mut said = String::new();
//!     std::net::TcpStream::connect(address)?.read_to_string(&mut said)?;
//!     order.graceful();
//!     std::io::Result::Ok(said)
//! });
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! runtime.block_on(greet(Listener::Tcp(listener), stop))?;
//! assert_eq!(client.join().expect("it does not panic")?, "Hello!\n");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Where it runs
//!
//! Linux. Other Unixes lack `accept4`, and the clock of coarse time.
#![forbid(unsafe_code)]

mod acceptor;
mod block;
mod census;
mod clock;
mod files;
mod hints;
mod job;
mod lifts;
mod named;
mod server;
mod stream;
mod waits;

pub use acceptor::Acceptor;
pub use block::Block;
pub use census::{Census, Seat};
pub use clock::{Alarm, Clock};
pub use files::Reading;
pub use hints::{Hint, Hints};
pub use job::{Boxed, Job};
pub use lifts::pool;
pub use named::named;
pub use server::{Server, Told};
pub use stream::{Socket, Stream};
pub use waits::{Late, Phase, Watch};
