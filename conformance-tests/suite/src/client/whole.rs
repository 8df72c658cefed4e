//! An answer as a whole: what can be compared of it, however it came.

use http::HeaderValue;
use rgi_core::testing::Reply;

use super::Connection;
use super::answer::Head;
use super::body::{Left, Piece};
use super::input::Input;

/// An answer. Fields of the connection, of framing and those that differ by nature are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whole {
    pub(crate) status: u16,
    /// In the order of names, those of one name as they came.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
    /// It ends before its end.
    pub(crate) is_cut: bool,
}

/// Fields that say nothing of what the application meant.
const LEFT_OUT: [&str; 6] = [
    "date",
    "server",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "content-length",
];

impl Whole {
    /// Of the test client.
    pub(crate) fn of_reply(reply: &Reply) -> Whole {
        let fields = reply.head().iter();
        let trailers = reply.trailers().into_iter().flatten();
        Whole {
            status: reply.status(),
            fields: kept(fields.map(|(name, value)| field(name.as_str(), value))),
            body: reply.body().to_vec(),
            trailers: kept(trailers.map(|(name, value)| field(name.as_str(), value))),
            is_cut: reply.was_cut(),
        }
    }

    /// Off a connection; interim responses are passed over.
    ///
    /// # Errors
    ///
    /// What is no answer.
    pub(crate) fn read(connection: &dyn Connection) -> Result<Whole, String> {
        let mut input = Input::default();
        let head = loop {
            let head = input.head(connection)?;
            let head = Head::parse(String::from_utf8_lossy(&head).as_bytes(), false)?;
            if !head.is_interim() {
                break head;
            }
        };
        let mut left = Left::behind(&head);
        let mut body = Vec::new();
        let is_cut = loop {
            match left.piece(&mut input, connection, usize::MAX)? {
                Piece::Bytes(bytes) => body.extend(bytes),
                Piece::End => break false,
                Piece::Cut => break true,
            }
        };
        let mut trailers = Vec::new();
        if left == Left::Trailers && !is_cut {
            while let Some((name, value)) = input.line(connection)?.split_once(':') {
                trailers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        Ok(Whole {
            status: head.status,
            fields: kept(head.fields),
            body,
            trailers: kept(trailers),
            is_cut,
        })
    }
}

fn field(name: &str, value: &HeaderValue) -> (String, String) {
    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
    (name.to_ascii_lowercase(), value)
}

fn kept(fields: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    let mut fields: Vec<_> = fields.into_iter().collect();
    fields.retain(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
    fields.sort_by(|(a, _), (b, _)| a.cmp(b));
    fields
}
