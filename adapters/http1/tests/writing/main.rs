//! The writing side: what goes into an [`Output`](rgi_http1::Output) is what a client reads out.

mod client;
mod output;
mod properties;
mod server;
mod tables;
