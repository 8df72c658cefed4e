//! What a proxy says first of a connection: the PROXY protocol.

use std::io;
use std::sync::Arc;

use bytes::Buf;
use rgi_core::App;
use rgi_core::server::Level;

use super::{Conn, Phase, Step};
use crate::core::Core;

impl<B> Conn<B> {
    /// Waits for the proxy's header before the first request. To be said of a new connection.
    pub(crate) fn await_name(&mut self) {
        self.phase = Phase::Unnamed;
    }
}

impl<B: rgi_core::Body> Conn<B> {
    /// Reads the header. What is none is not answered: who sent it may speak anything.
    pub(super) fn name<A: App<Body = B>>(&mut self, core: &mut Core<A>) -> Step {
        let peer = &self.connection.peer;
        match core.config.proxy_protocol.header(peer, &self.input) {
            Ok(Some(header)) => {
                self.input.advance(header.length());
                header.apply(Arc::make_mut(&mut self.connection));
                self.phase = Phase::Idle;
                self.since = core.now;
                return Step::Again;
            }
            Ok(None) if !self.readable => return Step::Wait,
            Ok(None) => {}
            Err(why) => {
                core.log(
                    Level::Debug,
                    format_args!("closed a connection of {peer}: {why}"),
                );
                return Step::Close;
            }
        }
        core.scratch.clear();
        let room = core.scratch.capacity();
        match core.read(&self.line.socket) {
            Ok(n) if n > 0 => {
                // As of heads.
                self.readable = n == room || self.ended;
                self.input.extend_from_slice(&core.scratch);
                Step::Again
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                Step::Wait
            }
            // Nothing was asked.
            Ok(_) | Err(_) => Step::Close,
        }
    }
}
