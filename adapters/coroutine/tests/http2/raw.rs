//! A client that writes its frames itself (RFC 9113 4.1).

use crate::wire::support::{Client, Running};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// An empty SETTINGS frame.
pub(crate) const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

pub(crate) struct Raw {
    client: Client,
}

pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
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
        let head = self.client.take(9);
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
            payload: self.client.take(length as usize),
        }
    }

    /// The next frame of a stream.
    pub(crate) fn frame_of(&mut self, stream: u32) -> Frame {
        loop {
            let frame = self.frame();
            if frame.stream == stream {
                return frame;
            }
            assert_ne!(frame.kind, 7, "GOAWAY: {:?}", frame.payload);
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
        let frame = [0, 0, 4, 8, 0];
        self.client
            .send([&frame[..], &stream.to_be_bytes(), &more.to_be_bytes()].concat());
    }

    /// Answers a PING.
    pub(crate) fn pong(&mut self, ping: &Frame) {
        let frame = [0, 0, 8, 6, 1, 0, 0, 0, 0];
        self.client.send([&frame[..], &ping.payload].concat());
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
    let mut block = Vec::new();
    let pseudo = [
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", "a"),
        (":path", path),
    ];
    for (name, value) in pseudo.iter().chain(fields) {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend_from_slice(text.as_bytes());
        }
    }
    let length = u32::try_from(block.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    // HEADERS, with END_STREAM and END_HEADERS.
    frame.extend_from_slice(&[1, 5]);
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend(block);
    frame
}
