//! A connection of HTTP/2 (RFC 9113) as its client sees it: what came on each stream, in order. The
//! server's frames are held to the rules on the way.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use super::answer::{Framing, Head, write_part};
use super::input::Done;
use super::{Connection, PATIENCE};
use crate::http2::{Decoder, Frame, code_name};

/// Bytes that may be sent before a window is enlarged, and of one frame (RFC 9113 6.5.2).
const WINDOW: i64 = 65_535;
const LARGEST: usize = 16_384;

/// RFC 9113 6.5.2.
const INITIAL_WINDOW_SIZE: u16 = 4;

fn setting(pair: &[u8; 6]) -> (u16, u32) {
    let value = u32::from_be_bytes([pair[2], pair[3], pair[4], pair[5]]);
    (u16::from_be_bytes([pair[0], pair[1]]), value)
}

/// What came.
#[derive(Debug)]
pub(super) struct Link {
    raw: Vec<u8>,
    decoder: Decoder,
    /// A field block that is not whole: its HEADERS, with what followed.
    block: Option<Frame>,
    streams: BTreeMap<u32, Stream>,
    /// What the connection may still be sent, and what each stream may at first.
    window: i64,
    first_window: i64,
    /// The same of what may be sent to the server.
    room: i64,
    first_room: i64,
    /// What the server has said of itself.
    pub(super) settings: Option<Vec<(u16, u32)>>,
    pub(super) acks: usize,
    pub(super) pongs: Vec<Vec<u8>>,
    /// The last stream and the code of the last GOAWAY.
    pub(super) goaway: Option<(u32, u32)>,
    /// How the connection has ended.
    ended: bool,
}

/// One stream.
#[derive(Debug)]
pub(super) struct Stream {
    heads: Vec<Head>,
    trailers: Vec<(String, String)>,
    body: Vec<u8>,
    window: i64,
    room: i64,
    end: Option<End>,
    /// What of it is written down.
    shown: Shown,
    bodiless: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    Reset(u32),
}

#[derive(Debug, Default)]
struct Shown {
    heads: usize,
    bytes: usize,
}

impl Default for Link {
    fn default() -> Link {
        Link {
            raw: Vec::new(),
            decoder: Decoder::default(),
            block: None,
            streams: BTreeMap::new(),
            window: WINDOW,
            first_window: WINDOW,
            room: WINDOW,
            first_room: WINDOW,
            settings: None,
            acks: 0,
            pongs: Vec::new(),
            goaway: None,
            ended: false,
        }
    }
}

impl Link {
    /// A frame that the client sends: what it opens and allows.
    pub(super) fn sends(&mut self, frame: &Frame, bodiless: bool) {
        match frame.kind {
            Frame::HEADERS => {
                let (window, room) = (self.first_window, self.first_room);
                let new = || Stream::new(window, room, bodiless);
                self.streams.entry(frame.stream).or_insert_with(new);
            }
            Frame::WINDOW_UPDATE => {
                let more = i64::from(frame.number(0));
                match (frame.stream, self.streams.get_mut(&frame.stream)) {
                    (0, _) => self.window += more,
                    (_, Some(stream)) => stream.window += more,
                    (_, None) => {}
                }
            }
            Frame::SETTINGS if !frame.has(Frame::ACK) => {
                for pair in frame.payload.as_chunks::<6>().0 {
                    let (id, value) = setting(pair);
                    if id == INITIAL_WINDOW_SIZE {
                        let change = i64::from(value) - self.first_window;
                        self.first_window += change;
                        let streams = self.streams.values_mut();
                        streams.for_each(|stream| stream.window += change);
                    }
                }
            }
            Frame::DATA => {
                let len = frame.payload.len() as i64;
                self.room -= len;
                if let Some(stream) = self.streams.get_mut(&frame.stream) {
                    stream.room -= len;
                }
            }
            _ => {}
        }
    }

    /// How many bytes of a body may be sent in one frame.
    pub(super) fn room(&self, stream: u32) -> usize {
        let of_stream = self.streams.get(&stream).map_or(0, |stream| stream.room);
        // What the server has room for at first is known once it has said so.
        match self.settings.is_some() && !self.ended {
            true => usize::try_from(of_stream.min(self.room)).map_or(0, |room| room.min(LARGEST)),
            false => 0,
        }
    }

    pub(super) fn stream(&mut self, stream: u32) -> Done<&mut Stream> {
        let stream_of = self.streams.get_mut(&stream);
        stream_of.ok_or_else(|| format!("the stream {stream} was never opened"))
    }

    pub(super) fn peek(&self, stream: u32) -> Option<&Stream> {
        self.streams.get(&stream)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Reads until it is `enough`, or the connection has ended. What wants an answer gets it.
    pub(super) fn read(
        &mut self,
        connection: &dyn Connection,
        what: &str,
        enough: impl Fn(&Link) -> bool,
    ) -> Done {
        loop {
            while let Some((frame, len)) = Frame::parse(&self.raw) {
                self.raw.drain(..len);
                if let Some(answer) = self.take(frame)? {
                    let _ = connection.write_all(&answer.encode());
                }
            }
            if self.ended || enough(self) {
                return Ok(());
            }
            let mut room = [0; 16 * 1024];
            match connection.read(&mut room, PATIENCE) {
                Ok(0) => self.ended = true,
                Ok(len) => self.raw.extend_from_slice(&room[..len]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                        return Err(format!("{what} does not come within {PATIENCE:?}"));
                    }
                    _ => self.ended = true,
                },
            }
            // SETTINGS come first (RFC 9113 3.4).
            if self.settings.is_none() && self.raw.len() > 3 && self.raw[3] != Frame::SETTINGS {
                let said = String::from_utf8_lossy(&self.raw).into_owned();
                return Err(format!("no connection of HTTP/2: {said:?}"));
            }
        }
    }

    /// Takes a frame of the server's; the one that answers it.
    fn take(&mut self, frame: Frame) -> Done<Option<Frame>> {
        if frame.payload.len() > LARGEST {
            return Err(format!("a frame of {} bytes", frame.payload.len()));
        }
        if self.block.is_some() && frame.kind != Frame::CONTINUATION {
            return Err("a frame within a field block".into());
        }
        match frame.kind {
            Frame::SETTINGS if frame.has(Frame::ACK) => self.acks += 1,
            Frame::SETTINGS => {
                let pairs = frame.payload.as_chunks::<6>().0.iter();
                for (id, value) in pairs.map(setting) {
                    if id == INITIAL_WINDOW_SIZE {
                        let change = i64::from(value) - self.first_room;
                        self.first_room += change;
                        self.streams
                            .values_mut()
                            .for_each(|stream| stream.room += change);
                    }
                    self.settings.get_or_insert_default().push((id, value));
                }
                self.settings.get_or_insert_default();
                return Ok(Some(Frame::new(Frame::SETTINGS, Frame::ACK, 0, &[])));
            }
            Frame::PING if frame.has(Frame::ACK) => self.pongs.push(frame.payload),
            Frame::PING => {
                return Ok(Some(Frame::new(Frame::PING, Frame::ACK, 0, &frame.payload)));
            }
            Frame::GOAWAY => {
                // It names one stream less, never one more (RFC 9113 6.8).
                let (last, code) = (frame.number(0) & 0x7fff_ffff, frame.number(4));
                if self.goaway.is_some_and(|(before, _)| last > before) {
                    return Err(format!("GOAWAY behind GOAWAY names a later stream, {last}"));
                }
                self.goaway = Some((last, code));
            }
            Frame::DATA => self.take_data(&frame)?,
            Frame::HEADERS => self.take_block(frame)?,
            Frame::CONTINUATION => {
                let mut block = self.block.take().ok_or("CONTINUATION of nothing")?;
                if block.stream != frame.stream {
                    return Err("CONTINUATION of another stream".into());
                }
                block.flags |= frame.flags & Frame::END_HEADERS;
                block.payload.extend(frame.payload);
                self.take_block(block)?;
            }
            Frame::RST_STREAM => {
                let stream = self.stream(frame.stream)?;
                // What is whole may be reset, so that its request ends (RFC 9113 8.1).
                if stream.end.is_none() {
                    stream.end = Some(End::Reset(frame.number(0)));
                }
            }
            Frame::WINDOW_UPDATE => match frame.stream {
                0 => self.room += i64::from(frame.number(0)),
                stream => self.stream(stream)?.room += i64::from(frame.number(0)),
            },
            Frame::PUSH_PROMISE => return Err("PUSH_PROMISE, which was not asked for".into()),
            _ => {}
        }
        Ok(None)
    }

    fn take_data(&mut self, frame: &Frame) -> Done {
        // Padding counts.
        let len = frame.payload.len() as i64;
        self.window -= len;
        let window = self.window;
        let stream = self.stream(frame.stream)?;
        stream.window -= len;
        if window < 0 || stream.window < 0 {
            return Err(format!("more than the window of stream {}", frame.stream));
        }
        if stream.end.is_some() || stream.heads.last().is_none_or(Head::is_interim) {
            return Err(format!("DATA of stream {}, out of place", frame.stream));
        }
        stream.body.extend_from_slice(&frame.payload);
        stream.ends_with(frame)
    }

    fn take_block(&mut self, frame: Frame) -> Done {
        if frame.has(Frame::PADDED | Frame::WITH_PRIORITY) {
            return Err("HEADERS of a server's with padding or priority".into());
        }
        if !frame.has(Frame::END_HEADERS) {
            self.block = Some(frame);
            return Ok(());
        }
        let fields = self.decoder.decode(&frame.payload)?;
        let stream = self.stream(frame.stream)?;
        if stream.end.is_some() {
            return Err(format!("HEADERS of stream {}, which ended", frame.stream));
        }
        match stream.heads.last().is_none_or(Head::is_interim) {
            true => stream.heads.push(head(fields)?),
            false if !frame.has(Frame::END_STREAM) => {
                return Err("trailers that do not end the stream".into());
            }
            false => {
                plain(&fields)?;
                stream.trailers = fields;
            }
        }
        stream.ends_with(&frame)
    }
}

impl Stream {
    fn new(window: i64, room: i64, bodiless: bool) -> Stream {
        Stream {
            heads: Vec::new(),
            trailers: Vec::new(),
            body: Vec::new(),
            window,
            room,
            end: None,
            shown: Shown::default(),
            bodiless,
        }
    }

    fn ends_with(&mut self, frame: &Frame) -> Done {
        if !frame.has(Frame::END_STREAM) {
            return Ok(());
        }
        self.end = Some(End::Whole);
        let head = self
            .heads
            .last()
            .ok_or("a stream that ends without a head")?;
        let length = head
            .fields
            .iter()
            .find(|(name, _)| name == "content-length");
        let is_bodiless = self.bodiless || matches!(head.status, 204 | 304);
        // RFC 9113 8.1.1.
        match length {
            _ if is_bodiless && !self.body.is_empty() => Err("a body where there is none".into()),
            Some((_, length)) if !is_bodiless && *length != self.body.len().to_string() => {
                let len = self.body.len();
                Err(format!("content-length: {length}, and {len} bytes"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.end.is_some()
    }

    pub(super) fn has_head(&self) -> bool {
        self.is_over() || self.heads.len() > self.shown.heads
    }

    /// Whether so many bytes are there that are not written down yet.
    pub(super) fn has(&self, bytes: usize) -> bool {
        self.is_over() || self.body.len() >= self.shown.bytes + bytes
    }

    /// Bytes of the body that are there.
    pub(super) fn len(&self) -> usize {
        self.body.len()
    }

    /// The next head.
    pub(super) fn write_head(&mut self, out: &mut String) {
        if let Some(head) = self.heads.get(self.shown.heads) {
            head.write(&[], out);
            self.shown.heads += 1;
        }
    }

    /// The next bytes of the body.
    pub(super) fn write_bytes(&mut self, bytes: usize, out: &mut String) {
        let to = self.body.len().min(self.shown.bytes + bytes);
        write_part(&self.body[self.shown.bytes..to], self.shown.bytes, out);
        self.shown.bytes = to;
    }

    /// All that is not written down yet, and how it ended.
    pub(super) fn write_rest(&mut self, out: &mut String) {
        while self.shown.heads < self.heads.len() {
            self.write_head(out);
        }
        // A server's own words do not matter.
        if self.heads.last().is_some_and(Head::is_by_app) {
            self.write_bytes(self.body.len(), out);
        }
        for (name, value) in std::mem::take(&mut self.trailers) {
            let _ = writeln!(out, "trailer {name}: {value}");
        }
        if let Some(End::Reset(code)) = self.end {
            let _ = writeln!(out, "reset:{} by the server", code_name(code));
        }
    }
}

/// The head of an answer (RFC 9113 8.3.2).
fn head(mut fields: Vec<(String, String)>) -> Done<Head> {
    let wrong = |fields: &[_]| format!("no head of an answer: {fields:?}");
    let status = match fields.first() {
        Some((name, value)) if name == ":status" => value.parse().ok(),
        _ => None,
    };
    let status = status.filter(|status| (100..600).contains(status));
    let status = status.ok_or_else(|| wrong(&fields))?;
    fields.remove(0);
    plain(&fields)?;
    fields.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(Head {
        status,
        fields,
        framing: Framing::None,
    })
}

/// Fields that HTTP/2 may have, all ordinary ones (RFC 9113 8.2).
fn plain(fields: &[(String, String)]) -> Done {
    const OF_HTTP_1: [&str; 5] = [
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "upgrade",
    ];
    let is_wrong = |(name, value): &(String, String)| {
        name.is_empty()
            || name.contains(|c: char| c.is_ascii_uppercase() || c == ':' || c <= ' ')
            || value.contains(['\r', '\n', '\0'])
            || OF_HTTP_1.contains(&name.as_str())
    };
    match fields.iter().find(|field| is_wrong(field)) {
        Some((name, value)) => Err(format!("a field that HTTP/2 has not: {name}: {value}")),
        None => Ok(()),
    }
}
