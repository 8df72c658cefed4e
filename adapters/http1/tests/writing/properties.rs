//! Whatever is written can be read back.

use bytes::BytesMut;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rgi_core::{
    Bytes, Environ, Event, FieldName, HeaderMap, HeaderName, HeaderValue, StartResponse,
    StatusCode, app_fn,
};
use rgi_http1::{BodyReader, Decoded, Framing, Limits, Output};

use crate::client::{End, Reply, To, trim};
use crate::server::{DATE, Events, answer, drain, region, turn};

/// A request, and what the application answers.
#[derive(Clone, Debug)]
struct Case {
    head: bool,
    old: bool,
    connection: &'static str,
    te: bool,
    /// The server wants to close.
    closing: bool,
    status: u16,
    fields: Vec<(&'static str, Vec<u8>)>,
    blocks: Vec<Block>,
    known: bool,
    trailers: Option<Vec<(&'static str, Vec<u8>)>>,
}

#[derive(Clone, Debug)]
enum Block {
    Data(Vec<u8>),
    File(Vec<u8>),
    Flush,
}

const FORBIDDEN: [&str; 4] = ["host", "date", "transfer-encoding", "www-authenticate"];

impl Case {
    fn request(&self) -> String {
        let method = if self.head { "HEAD" } else { "GET" };
        let minor = if self.old { 0 } else { 1 };
        let te = if self.te { "TE: trailers\r\n" } else { "" };
        let connection = self.connection;
        format!("{method} / HTTP/1.{minor}\r\nHost: a\r\n{te}Connection: TE{connection}\r\n\r\n")
    }

    fn body(&self) -> Vec<u8> {
        let bytes = |block: &Block| match block {
            Block::Data(bytes) | Block::File(bytes) => bytes.clone(),
            Block::Flush => Vec::new(),
        };
        self.blocks.iter().flat_map(bytes).collect()
    }

    fn respond(&self, start_response: StartResponse) -> Events {
        let mut started = start_response.start(StatusCode::from_u16(self.status).unwrap());
        for (name, value) in &self.fields {
            let name = FieldName::from_static(name);
            started = started.header(name, HeaderValue::from_bytes(value).unwrap());
        }
        if self.known {
            started = started.length(self.body().len() as u64);
        }
        let blocks = self.blocks.iter().map(|block| match block {
            Block::Data(bytes) => Event::Data(Bytes::from(bytes.clone())),
            Block::File(bytes) => Event::File(region(bytes)),
            Block::Flush => Event::Flush,
        });
        let trailers = self.trailers.iter().map(|trailers| {
            let fields = trailers.iter().map(|(name, value)| {
                let value = HeaderValue::from_bytes(value).unwrap();
                (HeaderName::from_static(name), value)
            });
            Event::Trailers(Box::new(fields.collect()))
        });
        Events::new(started, blocks.chain(trailers))
    }

    /// Whether there is a payload at all.
    fn has_payload(&self) -> bool {
        !self.head && !matches!(self.status, 204 | 205 | 304)
    }

    /// A body of which not even an empty event came has a length: none.
    fn is_known(&self) -> bool {
        let silent = self
            .blocks
            .iter()
            .all(|block| matches!(block, Block::Data(bytes) if bytes.is_empty()));
        self.known || silent && self.trailers.is_none()
    }

    fn end(&self) -> End {
        match () {
            () if self.head || matches!(self.status, 204 | 304) => End::None,
            () if self.status == 205 || self.is_known() => End::Length,
            () if self.old => End::Close,
            () => End::Chunked,
        }
    }

    fn keeps_alive(&self) -> bool {
        let asked = match self.connection {
            ", close" => false,
            ", keep-alive" => true,
            _ => !self.old,
        };
        asked && !self.closing && self.end() != End::Close
    }

    fn check(&self, reply: &Reply) -> Result<(), TestCaseError> {
        prop_assert_eq!(reply.status, self.status);
        prop_assert_eq!(reply.end, self.end());
        let body = if self.has_payload() {
            self.body()
        } else {
            Vec::new()
        };
        prop_assert!(reply.body == body, "the body differs");
        let connection = reply.field("connection");
        prop_assert_eq!(
            connection,
            match (self.keeps_alive(), self.old) {
                (false, _) => Some(&b"close"[..]),
                (true, true) => Some(&b"keep-alive"[..]),
                (true, false) => None,
            }
        );
        // The application's fields in their order, then the server's.
        let (own, servers) = reply.fields.split_at(self.fields.len());
        for ((name, value), (read_name, read)) in self.fields.iter().zip(own) {
            prop_assert_eq!((*name, &trim(value)), (&**read_name, read));
        }
        let stamp = [("date", DATE), ("server", "rgi")];
        let stamp = stamp
            .into_iter()
            .filter(|(name, _)| !self.fields.iter().any(|(own, _)| own == name))
            .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let length = match reply.end {
            End::Length => Some(reply.body.len()),
            End::None if self.known && self.status != 204 && (self.head || self.status == 304) => {
                Some(self.body().len())
            }
            _ => None,
        };
        let length = length.map(|n| ("content-length".to_owned(), n.to_string().into_bytes()));
        let coding = (reply.end == End::Chunked)
            .then(|| ("transfer-encoding".to_owned(), b"chunked".to_vec()));
        let connection = connection.map(|value| ("connection".to_owned(), value.to_vec()));
        let expected: Vec<_> = stamp
            .chain(length)
            .chain(coding)
            .chain(connection)
            .collect();
        prop_assert_eq!(servers, &expected[..]);
        self.check_trailers(reply)
    }

    fn check_trailers(&self, reply: &Reply) -> Result<(), TestCaseError> {
        let mut expected: Vec<(String, Vec<u8>)> = Vec::new();
        if reply.end == End::Chunked && self.te {
            for (name, value) in self.trailers.iter().flatten() {
                if !FORBIDDEN.contains(name) {
                    expected.push(((*name).to_owned(), trim(value)));
                }
            }
        }
        // A map keeps order within a name alone.
        let mut read = reply.trailers.clone();
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        read.sort_by(|a, b| a.0.cmp(&b.0));
        prop_assert_eq!(read, expected);
        Ok(())
    }
}

/// Any bytes that may stand in a value: HTAB, visible ASCII, space, obs-text (RFC 9110 5.5).
fn value() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![6 => b' '..=b'~', 1 => Just(b'\t'), 2 => 0x80..=0xff_u8];
    prop::collection::vec(byte, 0..20)
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => prop::collection::vec(any::<u8>(), 0..40),
        1 => (any::<u8>(), 16_300..17_000_usize).prop_map(|(byte, len)| vec![byte; len]),
        1 => (any::<u8>(), 0..70_000_usize).prop_map(|(byte, len)| vec![byte; len]),
    ]
}

fn block() -> impl Strategy<Value = Block> {
    prop_oneof![
        5 => bytes().prop_map(Block::Data),
        2 => bytes().prop_map(Block::File),
        1 => Just(Block::Flush),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let names = [
        "content-type",
        "set-cookie",
        "x-a",
        "x-b",
        "date",
        "server",
        "etag",
    ];
    let trailing = [&["x-sum", "etag", "server-timing"][..], &FORBIDDEN].concat();
    let statuses = [200, 200, 200, 200, 201, 204, 205, 304, 404, 500, 599, 799];
    let request = (
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.25),
        select(&["", ", keep-alive", ", keep-alive", ", close"][..]),
        any::<bool>(),
        prop::bool::weighted(0.1),
    );
    let response = (
        select(statuses.to_vec()),
        prop::collection::vec((select(names.to_vec()), value()), 0..6),
        prop::collection::vec(block(), 0..5),
        any::<bool>(),
        prop::option::of(prop::collection::vec((select(trailing), value()), 0..4)),
    );
    (request, response).prop_map(|(request, response)| {
        let (head, old, connection, te, closing) = request;
        let (status, fields, blocks, known, trailers) = response;
        Case {
            head,
            old,
            connection,
            te,
            closing,
            status,
            fields,
            blocks,
            known,
            trailers,
        }
    })
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    let size = prop_oneof![2 => 1..60_usize, 2 => 60..9000_usize, 1 => 9000..90_000_usize];
    // One large step at least, for the speed of it.
    prop::collection::vec(size, 0..6).prop_map(|mut sizes| {
        sizes.push(20_000);
        sizes
    })
}

/// Writes a response; says whether the connection lives on.
fn write(case: &Case, output: &mut Output) -> bool {
    let request = case.request();
    let mut turn = turn(&request);
    if case.closing {
        turn.close();
    }
    let app = app_fn(|_: Environ, start_response: StartResponse| case.respond(start_response));
    answer(&request, &app, &mut turn, output);
    turn.keep_alive()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Responses behind each other, until one that ends the connection.
    #[test]
    fn responses_are_read_back(
        cases in prop::collection::vec(case(), 1..5),
        sizes in sizes(),
    ) {
        let mut output = Output::new();
        let mut written = Vec::new();
        for case in &cases {
            let lives = write(case, &mut output);
            prop_assert_eq!(lives, case.keeps_alive());
            written.push(case);
            if !lives {
                break;
            }
        }
        let wire = drain(&mut output, &sizes);
        let mut rest = &wire[..];
        for case in written {
            let to = if case.head { To::Head } else { To::Other };
            case.check(&Reply::read(&mut rest, to))?;
        }
        prop_assert!(rest.is_empty(), "{} bytes more", rest.len());
    }

    /// What a turn writes in chunks, the reader of request bodies takes as the same.
    #[test]
    fn chunks_are_read_as_they_were_written(
        case in case(),
        sizes in sizes(),
        at in prop::collection::vec(any::<Index>(), 0..8),
    ) {
        let case = Case {
            head: false,
            old: false,
            te: true,
            status: 200,
            known: false,
            // Even a body without a block is chunked behind a flush.
            blocks: [&[Block::Flush], &case.blocks[..]].concat(),
            ..case
        };
        let mut output = Output::new();
        write(&case, &mut output);
        let wire = drain(&mut output, &sizes);
        let head = wire.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let raw = &wire[head..];
        let mut cuts: Vec<_> = at.iter().map(|at| at.index(raw.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.push(raw.len());

        let mut reader = BodyReader::new(Framing::Chunked, &Limits::default());
        let mut buf = BytesMut::new();
        let mut data = Vec::new();
        let mut start = 0;
        for end in cuts {
            buf.extend_from_slice(&raw[start..end]);
            start = end;
            while let Decoded::Data(piece) = reader.decode(&mut buf).unwrap() {
                data.extend_from_slice(&piece);
            }
        }
        prop_assert!(reader.is_end() && buf.is_empty());
        prop_assert!(data == case.body(), "the data differs");
        let trailers = reader.take_trailers().unwrap_or_default();
        let mut expected = HeaderMap::new();
        for (name, value) in case.trailers.iter().flatten() {
            if !FORBIDDEN.contains(name) {
                expected.append(*name, HeaderValue::from_bytes(&trim(value)).unwrap());
            }
        }
        prop_assert_eq!(trailers, expected);
    }
}
