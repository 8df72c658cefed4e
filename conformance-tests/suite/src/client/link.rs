//! A connection of HTTP/2 (RFC 9113) as its client sees it: what came on each stream, in order. The
//! server's frames are held to the rules on the way.

use std::collections::BTreeMap;
use std::io;

use super::input::Done;
use super::stream::Stream;
use super::{Connection, PATIENCE};
use crate::http2::{Decoder, Frame};

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
            Frame::RST_STREAM => self.stream(frame.stream)?.take_reset(frame.number(0)),
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
        stream.take_data(frame)
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
        self.stream(frame.stream)?.take_fields(fields, &frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http2::literals;

    const HEADS: u8 = Frame::END_HEADERS;

    /// What becomes of a server's frames behind a GET on stream 1.
    fn taken(frames: &[Frame]) -> Done {
        let mut link = Link::default();
        link.sends(&Frame::new(Frame::HEADERS, HEADS, 1, &[]), false);
        frames
            .iter()
            .try_for_each(|frame| link.take(frame.clone()).map(drop))
    }

    fn head(flags: u8, fields: &[(&str, &str)]) -> Frame {
        let all = [&[(":status", "200")], fields].concat();
        Frame::new(Frame::HEADERS, flags, 1, &literals(&all))
    }

    fn data(flags: u8, len: usize) -> Frame {
        Frame::new(Frame::DATA, flags, 1, &vec![b'x'; len])
    }

    #[test]
    fn a_good_answer_is_taken() {
        let length = head(HEADS, &[("content-length", "3")]);
        let trailers = literals(&[("x-sum", "1")]);
        let flags = HEADS | Frame::END_STREAM;
        let trailers = Frame::new(Frame::HEADERS, flags, 1, &trailers);
        taken(&[length.clone(), data(Frame::END_STREAM, 3)]).unwrap();
        taken(&[length, data(0, 1), data(0, 2), trailers]).unwrap();
        taken(&[head(0, &[]), Frame::new(Frame::CONTINUATION, HEADS, 1, &[])]).unwrap();
    }

    #[test]
    fn what_breaks_the_rules_is_told() {
        let ping = Frame::new(Frame::PING, 0, 0, b"12345678");
        let promise = Frame::new(Frame::PUSH_PROMISE, HEADS, 1, &[0, 0, 0, 2]);
        let other = Frame::new(Frame::DATA, 0, 3, b"x");
        let goaway = |last: u8| Frame::new(Frame::GOAWAY, 0, 0, &[0, 0, 0, last, 0, 0, 0, 0]);
        let many: Vec<Frame> = std::iter::repeat_n(data(0, 16_000), 5).collect();
        let begun = head(HEADS, &[]);
        let ended = head(HEADS | Frame::END_STREAM, &[]);
        for (wrong, frames) in [
            ("within a field block", vec![head(0, &[]), ping]),
            ("PUSH_PROMISE", vec![promise]),
            ("never opened", vec![other]),
            ("out of place", vec![data(0, 1)]),
            ("out of place", vec![ended.clone(), data(0, 1)]),
            ("which ended", vec![ended, begun.clone()]),
            ("do not end the stream", vec![begun.clone(), begun.clone()]),
            ("of 20000 bytes", vec![begun.clone(), data(0, 20_000)]),
            ("more than the window", [vec![begun], many].concat()),
            (
                "and 2 bytes",
                vec![head(HEADS, &[("content-length", "3")]), data(1, 2)],
            ),
            (
                "connection: close",
                vec![head(HEADS, &[("connection", "close")])],
            ),
            ("X-Upper", vec![head(HEADS, &[("X-Upper", "1")])]),
            ("a later stream", vec![goaway(1), goaway(3)]),
            (
                "CONTINUATION of nothing",
                vec![Frame::new(Frame::CONTINUATION, HEADS, 1, &[])],
            ),
        ] {
            let told = taken(&frames).unwrap_err();
            assert!(told.contains(wrong), "{wrong} is not in: {told}");
        }
    }
}
