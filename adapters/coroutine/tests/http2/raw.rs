//! A client that writes its frames itself (RFC 9113 4.1).

use rgi_conformance::http2::literals;
pub(crate) use rgi_conformance::http2::{Frame, PREFACE};

use crate::wire::support::{Client, Running};

/// An empty SETTINGS frame.
pub(crate) const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

pub(crate) struct Raw {
    client: Client,
}

impl Raw {
    pub(crate) fn connect(server: &Running) -> Raw {
        let mut client = server.connect();
        client.send([PREFACE, SETTINGS].concat());
        Raw { client }
    }

    /// Of a client that has sent its preface and settings.
    pub(crate) fn over(client: Client) -> Raw {
        Raw { client }
    }

    pub(crate) fn frame(&mut self) -> Frame {
        let mut bytes = self.client.take(9);
        let length = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
        bytes.extend(self.client.take(length as usize));
        let (frame, _) = Frame::parse(&bytes).unwrap();
        frame
    }

    /// The next frame of a stream.
    pub(crate) fn frame_of(&mut self, stream: u32) -> Frame {
        loop {
            let frame = self.frame();
            if frame.stream == stream {
                return frame;
            }
            assert_ne!(frame.kind, Frame::GOAWAY, "{:?}", frame.payload);
        }
    }

    /// The next frame of a kind.
    pub(crate) fn until(&mut self, kind: u8) -> Frame {
        loop {
            let frame = self.frame();
            if frame.kind == kind {
                return frame;
            }
        }
    }

    /// Gives a stream a larger window, or the connection, which is 0.
    pub(crate) fn window(&mut self, stream: u32, more: u32) {
        self.client.send(Frame::window(stream, more).encode());
    }

    /// Answers a PING.
    pub(crate) fn pong(&mut self, ping: &Frame) {
        let pong = Frame::new(Frame::PING, Frame::ACK, 0, &ping.payload);
        self.client.send(pong.encode());
    }

    /// Sends a [`get`].
    pub(crate) fn get(&mut self, stream: u32, path: &str, fields: &[(&str, &str)]) {
        self.client.send(get(stream, path, fields));
    }

    /// The bytes of the connection.
    pub(crate) fn client(&mut self) -> &mut Client {
        &mut self.client
    }
}

/// A GET of the host `a`, whose fields are neither indexed nor compressed.
pub(crate) fn get(stream: u32, path: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let pseudo = [
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", "a"),
        (":path", path),
    ];
    let block = literals(&[&pseudo, fields].concat());
    let flags = Frame::END_HEADERS | Frame::END_STREAM;
    Frame::new(Frame::HEADERS, flags, stream, &block).encode()
}
