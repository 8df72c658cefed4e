//! The block of bytes that every response has: Date and Server (RFC 9110 6.6.1, 10.2.4).

use std::io::Write as _;
use std::time::{Duration, SystemTime};

/// 9999-12-31 23:59:59: a year has four digits (RFC 9110 5.6.7).
const LAST_SECOND: u64 = 253_402_300_799;

/// `date` and `server` as one block, made anew when the second has changed.
///
/// [`tick`](Self::tick) it now and then, once in a turn of a loop or before a head: what it says is
/// as old as that.
#[derive(Clone, Debug)]
pub struct Stamp {
    second: u64,
    date: Vec<u8>,
    server: &'static str,
}

impl Stamp {
    /// A block of the system's time, with this name in its `server` field: a product such as `rgi`
    /// or `rgi/0.1` (RFC 9110 10.2.4). If it is empty there is no such field.
    ///
    /// # Panics
    ///
    /// If the name has a byte that is no visible ASCII character or space.
    pub fn new(server: &'static str) -> Stamp {
        assert!(
            server.bytes().all(|byte| matches!(byte, b' '..=b'~')),
            "the server's name is visible ASCII: {server:?}"
        );
        let mut stamp = Stamp {
            second: u64::MAX,
            date: Vec::new(),
            server,
        };
        stamp.tick(SystemTime::now());
        stamp
    }

    /// Brings the block up to `now`, in whole seconds. Cheap within a second. Times before 1970
    /// and after 9999, for which the format has no room, become the nearest it has room for.
    pub fn tick(&mut self, now: SystemTime) {
        let second = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO)
            .as_secs()
            .min(LAST_SECOND);
        if second == self.second {
            return;
        }
        self.second = second;
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        self.date.clear();
        // Written in place: a loop formats it in the midst of requests, which allocate nothing.
        let date = httpdate::HttpDate::from(at);
        let _ = write!(self.date, "date: {date}\r\n");
    }

    /// Writes the fields that the application has not set itself.
    pub(crate) fn write(&self, out: &mut Vec<u8>, date: bool, server: bool) {
        if date {
            out.extend_from_slice(&self.date);
        }
        if server && !self.server.is_empty() {
            out.extend_from_slice(b"server: ");
            out.extend_from_slice(self.server.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
}
