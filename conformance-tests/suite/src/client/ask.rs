//! A request that any client could make.

use bytes::Bytes;

use super::Client;

/// A request that any client could make, to be sent.
#[must_use = "call `send`"]
pub struct Ask<'c, 'a> {
    client: &'c mut Client<'a>,
    pub(super) request: Request,
}

#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) target: String,
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) body: Body,
    pub(super) leave_after: Option<u64>,
}

#[derive(Clone, Debug)]
pub(super) enum Body {
    None,
    Whole(Bytes),
    Pieces(Vec<Bytes>, Vec<(&'static str, &'static str)>),
}

impl<'c, 'a> Ask<'c, 'a> {
    pub(super) fn new(
        client: &'c mut Client<'a>,
        method: &'static str,
        target: &str,
    ) -> Ask<'c, 'a> {
        let request = Request {
            method,
            target: format!("{}{target}", client.root()),
            fields: Vec::new(),
            body: Body::None,
            leave_after: None,
        };
        Ask { client, request }
    }

    /// Adds a field.
    pub fn field(mut self, name: &'static str, value: &str) -> Self {
        self.request.fields.push((name, value.to_owned()));
        self
    }

    /// Sends a body of known length.
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        self.request.body = Body::Whole(bytes.into());
        self
    }

    /// Sends a body of unknown length: chunked, each piece a chunk and a write.
    pub fn pieces<T: Into<Bytes>>(mut self, pieces: impl IntoIterator<Item = T>) -> Self {
        let pieces = pieces.into_iter().map(Into::into).collect();
        self.request.body = Body::Pieces(pieces, Vec::new());
        self
    }

    /// Adds a trailer field behind the pieces.
    ///
    /// # Panics
    ///
    /// If there are no pieces.
    pub fn trailer(mut self, name: &'static str, value: &'static str) -> Self {
        match &mut self.request.body {
            Body::Pieces(_, trailers) => trailers.push((name, value)),
            _ => panic!("trailers stand behind pieces"),
        }
        self
    }

    /// The client leaves once it was given so many bytes of the answer's body: no more is read, and
    /// the connection is reset.
    pub fn leave_after(mut self, bytes: u64) -> Self {
        self.request.leave_after = Some(bytes);
        self
    }

    /// Sends it, and writes down what is answered.
    pub fn send(self) {
        self.client.perform(&self.request);
    }
}

impl Request {
    /// Its bytes on a connection, in writes. `named` are the fields that say which case it is.
    pub(super) fn encode(&self, named: &str) -> Vec<Vec<u8>> {
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: test.invalid\r\n{named}",
            self.method, self.target
        );
        for (name, value) in &self.fields {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut writes = Vec::new();
        match &self.body {
            Body::None => writes.push(format!("{head}\r\n").into_bytes()),
            Body::Whole(bytes) => {
                let mut all = format!("{head}Content-Length: {}\r\n\r\n", bytes.len()).into_bytes();
                all.extend_from_slice(bytes);
                writes.push(all);
            }
            Body::Pieces(pieces, trailers) => {
                writes.push(format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes());
                for piece in pieces {
                    let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
                    chunk.extend_from_slice(piece);
                    chunk.extend_from_slice(b"\r\n");
                    writes.push(chunk);
                }
                let lines = trailers
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}\r\n"));
                writes.push(format!("0\r\n{}\r\n", lines.collect::<String>()).into_bytes());
            }
        }
        writes
    }
}
