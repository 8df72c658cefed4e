//! Frames (RFC 9113 4.1).

/// What a client says first (RFC 9113 3.4); SETTINGS follow.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes in front of a payload.
const HEAD: usize = 9;

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its type.
    pub kind: u8,
    /// Its flags.
    pub flags: u8,
    /// The stream it is of; 0 is the connection.
    pub stream: u32,
    /// What is in it.
    pub payload: Vec<u8>,
}

/// Types and flags (RFC 9113 6).
impl Frame {
    /// Bytes of a body.
    pub const DATA: u8 = 0;
    /// Begins a field block.
    pub const HEADERS: u8 = 1;
    /// What a stream depends on: of no meaning any more.
    pub const PRIORITY: u8 = 2;
    /// Ends a stream at once.
    pub const RST_STREAM: u8 = 3;
    /// What its sender wants of the other side.
    pub const SETTINGS: u8 = 4;
    /// Announces a stream of the server's.
    pub const PUSH_PROMISE: u8 = 5;
    /// Asks for an answer.
    pub const PING: u8 = 6;
    /// The connection ends.
    pub const GOAWAY: u8 = 7;
    /// Gives room for more bytes.
    pub const WINDOW_UPDATE: u8 = 8;
    /// Goes on with a field block.
    pub const CONTINUATION: u8 = 9;

    /// Nothing more of the stream comes from this side.
    pub const END_STREAM: u8 = 1;
    /// An answer to SETTINGS or PING.
    pub const ACK: u8 = 1;
    /// The field block ends.
    pub const END_HEADERS: u8 = 4;
    /// The payload begins with the length of what is padded behind it.
    pub const PADDED: u8 = 8;
    /// HEADERS begin with what PRIORITY holds.
    pub const WITH_PRIORITY: u8 = 0x20;
}

impl Frame {
    /// A frame.
    pub fn new(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Frame {
        let payload = payload.to_vec();
        Frame {
            kind,
            flags,
            stream,
            payload,
        }
    }

    /// SETTINGS of identifiers and values.
    pub fn settings(settings: &[(u16, u32)]) -> Frame {
        let mut payload = Vec::new();
        for (id, value) in settings {
            payload.extend_from_slice(&id.to_be_bytes());
            payload.extend_from_slice(&value.to_be_bytes());
        }
        Frame::new(Frame::SETTINGS, 0, 0, &payload)
    }

    /// WINDOW_UPDATE by so many bytes.
    pub fn window(stream: u32, more: u32) -> Frame {
        Frame::new(Frame::WINDOW_UPDATE, 0, stream, &more.to_be_bytes())
    }

    /// RST_STREAM with the code of an error.
    pub fn reset(stream: u32, code: u32) -> Frame {
        Frame::new(Frame::RST_STREAM, 0, stream, &code.to_be_bytes())
    }

    /// Whether it has a flag.
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The number in its payload at a byte; 0 where there is none.
    pub fn number(&self, at: usize) -> u32 {
        let bytes = self.payload.get(at..at + 4);
        bytes.map_or(0, |four| {
            u32::from_be_bytes([four[0], four[1], four[2], four[3]])
        })
    }

    /// Its bytes. The length is that of the payload.
    pub fn encode(&self) -> Vec<u8> {
        let length = (self.payload.len() as u32).to_be_bytes();
        let mut bytes = length[1..].to_vec();
        bytes.extend_from_slice(&[self.kind, self.flags]);
        bytes.extend_from_slice(&self.stream.to_be_bytes());
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// The first of some bytes, and how many it takes; `None` if it is not whole.
    pub fn parse(bytes: &[u8]) -> Option<(Frame, usize)> {
        let head = bytes.get(..HEAD)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let payload = bytes.get(HEAD..HEAD + length)?;
        // The first bit of a stream's number means nothing.
        let stream = u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]);
        let frame = Frame::new(head[3], head[4], stream, payload);
        Some((frame, HEAD + length))
    }
}

/// The name of the code of an error (RFC 9113 7).
pub fn code_name(code: u32) -> String {
    const NAMES: [&str; 14] = [
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    ];
    let name = NAMES.get(code as usize);
    name.map_or_else(|| format!("{code:#x}"), |name| (*name).to_owned())
}
