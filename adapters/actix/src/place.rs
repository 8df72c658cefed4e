//! Where an exchange is: on a connection of the server's, or inside somebody's actix-web program.

use std::rc::Rc;
use std::sync::Arc;

use rgi_core::server::Log;
use rgi_tasks::Clock;

use crate::line::Line;

pub(crate) enum Place<B> {
    /// On a connection, whose deadlines and sockets are this crate's.
    Line(Rc<Line<B>>),
    /// In a program, of whose connection nothing is known but what actix-web tells.
    #[cfg_attr(not(feature = "web"), expect(dead_code))]
    Program(Arc<Program>),
}

/// What stands in for a server there.
pub(crate) struct Program {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) clock: Clock,
}

impl<B: 'static> Place<B> {
    pub(crate) fn line(&self) -> Option<&Rc<Line<B>>> {
        match self {
            Place::Line(line) => Some(line),
            Place::Program(_) => None,
        }
    }

    pub(crate) fn log(&self) -> &dyn Log {
        match self {
            Place::Line(line) => &*line.server.config.log,
            Place::Program(program) => &*program.log,
        }
    }

    pub(crate) fn clock(&self) -> Clock {
        match self {
            Place::Line(line) => line.server.clock.clone(),
            Place::Program(program) => program.clock.clone(),
        }
    }
}
