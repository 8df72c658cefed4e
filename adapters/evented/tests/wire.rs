//! An [`Evented`](rgi_evented::Evented) server as its clients see it: bytes over sockets.

#[path = "wire/basics.rs"]
mod basics;
#[path = "wire/flow.rs"]
mod flow;
#[path = "wire/lifts.rs"]
mod lifts;
#[path = "wire/peers.rs"]
mod peers;
#[path = "wire/requests.rs"]
mod requests;
#[path = "wire/responses.rs"]
mod responses;
#[path = "wire/stops.rs"]
mod stops;
#[path = "wire/support.rs"]
mod support;
#[path = "wire/times.rs"]
mod times;
#[path = "wire/workers.rs"]
mod workers;
