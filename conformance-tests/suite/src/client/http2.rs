//! What the client of a case does on a connection of HTTP/2.

use std::fmt::Write as _;

use super::Client;
use super::input::Done;
use super::link::Link;
use super::stream::Stream;
use super::wire::Wire;
use crate::http2::{Frame, PREFACE, code_name, literals};
use crate::{X_RGI_CASE, X_RGI_RUN};

/// Among fields it stands for those that name the case.
pub(crate) const CASE: (&str, &str) = ("{case}", "");

/// On a connection of HTTP/2, with prior knowledge (RFC 9113 3.3). SETTINGS and PING are answered, the
/// windows enlarged by the case alone, and the server's frames held to the rules: one that is out of
/// place, or more than a window allows, is written down as `! ...`.
impl<'a> Client<'a> {
    /// Begins: the preface, and SETTINGS without a setting.
    pub fn http2(&mut self) {
        self.http2_with(&[]);
    }

    /// Begins with settings: identifiers and values.
    pub fn http2_with(&mut self, settings: &[(u16, u32)]) {
        self.send_bytes(PREFACE);
        self.frame(Frame::settings(settings));
    }

    /// Sends a frame.
    pub fn frame(&mut self, frame: Frame) {
        self.sends(frame, false);
    }

    fn sends(&mut self, frame: Frame, bodiless: bool) {
        let (kind, flags, stream) = (frame.kind, frame.flags, frame.stream);
        let shown = &frame.payload[..frame.payload.len().min(200)];
        let plain = |byte: &u8| {
            if (b' '..=b'~').contains(byte) {
                *byte as char
            } else {
                '.'
            }
        };
        let shown: String = shown.iter().map(plain).collect();
        // What names the run differs each time.
        let shown = shown.replace(&self.run, "{run}");
        let line = format!("frame {kind}, flags {flags:#x}, stream {stream}: {shown}\n");
        self.sent.extend_from_slice(line.as_bytes());
        self.wire(|wire, _| {
            wire.link().sends(&frame, bodiless);
            wire.send(&frame.encode())
        });
    }

    /// The field block of these fields: one named `{case}` stands for those that name the case,
    /// `{root}` for the root.
    pub fn field_block(&self, fields: &[(&str, &str)]) -> Vec<u8> {
        let named = [(X_RGI_CASE, self.case.name), (X_RGI_RUN, &self.run)];
        let mut all: Vec<(&str, String)> = Vec::new();
        for (name, value) in fields {
            match *name == CASE.0 {
                true => all.extend(named.map(|(name, value)| (name, value.to_owned()))),
                false => all.push((name, value.replace("{root}", &self.root))),
            }
        }
        let all: Vec<(&str, &str)> = all.iter().map(|(n, v)| (*n, v.as_str())).collect();
        literals(&all)
    }

    /// Sends HEADERS of exactly these fields.
    pub fn headers(&mut self, stream: u32, flags: u8, fields: &[(&str, &str)]) {
        let block = self.field_block(fields);
        let bodiless = fields.contains(&(":method", "HEAD"));
        self.sends(Frame::new(Frame::HEADERS, flags, stream, &block), bodiless);
    }

    /// Sends a request without a body: its path is put behind the root.
    pub fn request(&mut self, stream: u32, method: &str, path: &str, fields: &[(&str, &str)]) {
        let flags = Frame::END_HEADERS | Frame::END_STREAM;
        self.headers(
            stream,
            flags,
            &Self::head_of(method, &format!("{{root}}{path}"), fields),
        );
    }

    /// Sends the head of a request with a body.
    pub fn begin(&mut self, stream: u32, method: &str, path: &str, fields: &[(&str, &str)]) {
        let path = format!("{{root}}{path}");
        self.headers(
            stream,
            Frame::END_HEADERS,
            &Self::head_of(method, &path, fields),
        );
    }

    fn head_of<'f>(
        method: &'f str,
        path: &'f str,
        fields: &[(&'f str, &'f str)],
    ) -> Vec<(&'f str, &'f str)> {
        let first = [
            (":method", method),
            (":scheme", "http"),
            (":authority", "test.invalid"),
            (":path", path),
            CASE,
        ];
        [&first[..], fields].concat()
    }

    /// Sends bytes of a body.
    pub fn data(&mut self, stream: u32, bytes: &[u8]) {
        self.frame(Frame::new(Frame::DATA, 0, stream, bytes));
    }

    /// Sends the last bytes of a body.
    pub fn last_data(&mut self, stream: u32, bytes: &[u8]) {
        self.frame(Frame::new(Frame::DATA, Frame::END_STREAM, stream, bytes));
    }

    /// Sends so many bytes as a whole body, as the windows have room.
    pub fn body(&mut self, stream: u32, bytes: usize) {
        let mut left = bytes;
        while left > 0 && !self.failed {
            let mut room = 0;
            self.wire(|wire, _| {
                wire.read_link("room in the windows", |link| link.room(stream) > 0)?;
                match wire.link().room(stream) {
                    0 => Err("the connection ended before there was room".into()),
                    some => {
                        room = some;
                        Ok(())
                    }
                }
            });
            let now = left.min(room);
            left -= now;
            let flags = if left == 0 { Frame::END_STREAM } else { 0 };
            self.frame(Frame::new(Frame::DATA, flags, stream, &vec![b'x'; now]));
        }
    }

    /// Reads a stream to its end, or the connection's, and writes down what is not written down yet:
    /// as of HTTP/1.1, and `reset:CODE by the server` where it was reset, `goaway:CODE by the server`
    /// where the connection ended before it.
    pub fn stream(&mut self, stream: u32) {
        self.reads(
            stream,
            "the stream's end",
            Stream::is_over,
            Stream::write_rest,
        );
    }

    /// Reads the next head of a stream, interim or final.
    pub fn stream_head(&mut self, stream: u32) {
        self.reads(
            stream,
            "the stream's head",
            Stream::has_head,
            Stream::write_head,
        );
    }

    /// Reads so many bytes of a stream's body.
    pub fn stream_data(&mut self, stream: u32, bytes: usize) {
        let write = |it: &mut Stream, out: &mut String| it.write_bytes(bytes, out);
        self.reads(stream, "a body's part", |it| it.has(bytes), write);
    }

    fn reads(
        &mut self,
        stream: u32,
        what: &str,
        enough: impl Fn(&Stream) -> bool,
        write: impl FnOnce(&mut Stream, &mut String),
    ) {
        self.wire(|wire, seen| {
            let is_enough = |link: &Link| link.peek(stream).is_none_or(&enough);
            wire.read_link(what, is_enough)?;
            let link = wire.link();
            let is_cut = link.peek(stream).is_some_and(|it| !enough(it));
            write(link.stream(stream)?, seen);
            if is_cut {
                write_goaway(link, seen);
            }
            Ok(())
        });
    }

    /// Sends PING, and waits for its answer: what the server has done by then, it has done. Writes
    /// down of a stream how many bytes of its body there are.
    pub fn bytes_by_now(&mut self, stream: u32) {
        self.ping(b"by now..");
        self.wire(|wire, seen| {
            let bytes = wire.link().stream(stream)?.len();
            let _ = writeln!(seen, "{bytes} bytes of stream {stream}");
            Ok(())
        });
    }

    /// Sends PING, and waits for the answer with the same bytes.
    pub fn ping(&mut self, bytes: &[u8; 8]) {
        self.frame(Frame::new(Frame::PING, 0, 0, bytes));
        self.wire(|wire, _| {
            wire.read_link("the answer to PING", |link| {
                link.pongs.iter().any(|pong| pong == bytes)
            })?;
            match wire.link().has_ended() {
                true => Err("the connection ended before PING was answered".into()),
                false => Ok(()),
            }
        });
    }

    /// Waits until so many SETTINGS were acknowledged.
    pub fn acknowledged(&mut self, times: usize) {
        self.wire(|wire, seen| {
            wire.read_link("the acknowledgement", |link| link.acks >= times)?;
            let _ = writeln!(seen, "{} acknowledged", wire.link().acks);
            Ok(())
        });
    }

    /// What the server has said of itself in SETTINGS under this identifier.
    pub fn setting(&mut self, id: u16) -> Option<u32> {
        let mut found = None;
        self.wire(|wire, _| {
            wire.read_link("SETTINGS", |link| link.settings.is_some())?;
            let settings = wire.link().settings.iter().flatten();
            found = settings
                .filter(|(known, _)| *known == id)
                .map(|(_, value)| *value)
                .next_back();
            Ok(())
        });
        found
    }

    /// Reads to the end of the connection, and writes down the code of GOAWAY and `closed`, however it
    /// was: a close with bytes unread is a reset.
    pub fn goaway(&mut self) {
        self.wire(|wire, seen| {
            wire.read_link("the end of the connection", |_| false)?;
            write_goaway(wire.link(), seen);
            seen.push_str("closed\n");
            wire.close();
            Ok(())
        });
    }
}

fn write_goaway(link: &Link, seen: &mut String) {
    if let Some((_, code)) = link.goaway {
        let _ = writeln!(seen, "goaway:{} by the server", code_name(code));
    }
}

impl Wire<'_> {
    fn read_link(&mut self, what: &str, enough: impl Fn(&Link) -> bool) -> Done {
        let (link, connection) = self.linked()?;
        link.read(connection, what, enough)
    }
}
