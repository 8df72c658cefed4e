//! What the system says of a connection.

use rustix::event::PollFlags;

/// What a socket is ready for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Readiness {
    pub(super) readable: bool,
    pub(super) writable: bool,
    /// The client has ended its side.
    pub(super) read_closed: bool,
    /// Both sides have ended.
    pub(super) write_closed: bool,
    pub(super) error: bool,
}

impl From<&mio::event::Event> for Readiness {
    fn from(event: &mio::event::Event) -> Readiness {
        Readiness {
            readable: event.is_readable(),
            writable: event.is_writable(),
            read_closed: event.is_read_closed(),
            write_closed: event.is_write_closed(),
            error: event.is_error(),
        }
    }
}

impl From<PollFlags> for Readiness {
    fn from(flags: PollFlags) -> Readiness {
        let broken = flags.intersects(PollFlags::HUP | PollFlags::ERR);
        let read_closed = broken || flags.contains(PollFlags::RDHUP);
        Readiness {
            readable: read_closed || flags.contains(PollFlags::IN),
            writable: flags.contains(PollFlags::OUT),
            read_closed,
            write_closed: broken,
            error: flags.contains(PollFlags::ERR),
        }
    }
}
