//! The block of bytes that every response has: Date and Server.

use std::time::{Duration, SystemTime};

/// `date` and `server` as one block, made anew when the second has changed.
#[derive(Clone, Debug)]
pub struct Stamp {
    second: u64,
    date: Vec<u8>,
    server: &'static str,
}

impl Stamp {
    /// A block with this name in its `server` field (RFC 9110 10.2.4), a token such as `rgi`; none
    /// if it is empty.
    pub fn new(server: &'static str) -> Stamp {
        let mut stamp = Stamp {
            second: u64::MAX,
            date: Vec::new(),
            server,
        };
        stamp.tick(SystemTime::now());
        stamp
    }

    /// Brings the block up to `now`. Cheap within a second.
    pub fn tick(&mut self, now: SystemTime) {
        let second = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO)
            .as_secs();
        if second == self.second {
            return;
        }
        self.second = second;
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        self.date.clear();
        self.date.extend_from_slice(b"date: ");
        self.date
            .extend_from_slice(httpdate::fmt_http_date(at).as_bytes());
        self.date.extend_from_slice(b"\r\n");
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
