//! A client that reads responses by RFC 9112 6.3 alone, and takes nothing that is not right.

/// One response, read back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) end: End,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
}

/// How the end of the payload was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    None,
    Length,
    Chunked,
    Close,
}

/// What of the request says how the response is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    Head,
    Connect,
    Other,
}

impl Reply {
    /// Takes one response off the front of `wire`, which is all until the connection's end.
    pub(crate) fn read(wire: &mut &[u8], to: To) -> Reply {
        let line = line(wire);
        let rest = line
            .strip_prefix("HTTP/1.1 ")
            .expect("a version and a space");
        let (status, reason) = rest.split_at(3);
        let reason = reason.strip_prefix(' ').expect("a space behind the status");
        let mut reply = Reply {
            status: status.parse().expect("a status of three digits"),
            reason: reason.to_owned(),
            fields: fields(wire),
            end: End::None,
            body: Vec::new(),
            trailers: Vec::new(),
        };
        reply.read_body(wire, to);
        reply
    }

    fn read_body(&mut self, wire: &mut &[u8], to: To) {
        let length = self.field("content-length").map(|value| {
            let value = std::str::from_utf8(value).expect("digits");
            assert!(value.bytes().all(|b| b.is_ascii_digit()), "{value}");
            value.parse::<usize>().expect("a length")
        });
        let coding = self.field("transfer-encoding");
        assert!(length.is_none() || coding.is_none(), "two framings");
        let tunnel = to == To::Connect && (200..300).contains(&self.status);
        if tunnel || matches!(self.status, 100..200 | 204) {
            assert!(
                length.is_none() && coding.is_none(),
                "RFC 9110 8.6, 9112 6.1"
            );
            return;
        }
        if to == To::Head || self.status == 304 {
            return;
        }
        if let Some(coding) = coding {
            assert_eq!(coding, b"chunked");
            self.end = End::Chunked;
            self.read_chunks(wire);
        } else if let Some(length) = length {
            self.end = End::Length;
            self.body = take(wire, length).to_vec();
        } else {
            self.end = End::Close;
            self.body = std::mem::take(wire).to_vec();
        }
    }

    fn read_chunks(&mut self, wire: &mut &[u8]) {
        loop {
            let size = line(wire);
            assert!(
                size == "0" || !size.starts_with('0'),
                "leading zeros: {size}"
            );
            match usize::from_str_radix(&size, 16).expect("a chunk size") {
                0 => break,
                size => self.body.extend_from_slice(take(wire, size)),
            }
            assert_eq!(take(wire, 2), b"\r\n");
        }
        self.trailers = fields(wire);
    }

    /// The value of a field that may be there once.
    pub(crate) fn field(&self, name: &str) -> Option<&[u8]> {
        let mut values = self.fields.iter().filter(|(n, _)| n == name);
        let value = values.next().map(|(_, value)| &value[..]);
        assert!(values.next().is_none(), "{name} twice");
        value
    }
}

fn take<'a>(wire: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (taken, rest) = wire.split_at_checked(len).expect("as much as was promised");
    *wire = rest;
    taken
}

/// Bytes up to a CRLF. What is no text reads as Latin-1.
fn line(wire: &mut &[u8]) -> String {
    let end = wire
        .windows(2)
        .position(|pair| pair == b"\r\n")
        .expect("a line");
    let line = take(wire, end);
    take(wire, 2);
    assert!(
        !line.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)),
        "{line:?}"
    );
    line.iter().map(|&b| char::from(b)).collect()
}

fn fields(wire: &mut &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut fields = Vec::new();
    loop {
        let line = line(wire);
        if line.is_empty() {
            return fields;
        }
        let (name, value) = line.split_once(':').expect("a colon");
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        assert!(!name.is_empty() && name.bytes().all(token), "{name:?}");
        let value: Vec<u8> = value.chars().map(|c| c as u8).collect();
        fields.push((name.to_ascii_lowercase(), trim(&value)));
    }
}

/// A value without the white space around it, as it is read (RFC 9112 5.1).
pub(crate) fn trim(mut value: &[u8]) -> Vec<u8> {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value.to_vec()
}
