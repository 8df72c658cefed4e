//! Field lines byte by byte: for heads that come in pieces, and for trailers.

use rgi_core::server::syntax::{TOKEN, VALUE};

use crate::limits::FIELD_NAME;
use crate::refusal::Refusal;

/// Checks field lines, up to the empty line that ends them, each byte once.
/// It keeps no byte, so it can stop and go on anywhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldScan {
    state: State,
    fields: usize,
    name: usize,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    LineStart,
    Name,
    Value,
    /// Behind the CR of a field line.
    ValueEnd,
    /// Behind the CR of the empty line.
    SectionEnd,
}

impl FieldScan {
    /// How many field lines have begun.
    pub(crate) fn fields(&self) -> usize {
        self.fields
    }

    /// Goes on with `bytes`. `Some` is how many of them belong to the
    /// section, which is then over; `None`: all of them, and more will.
    pub(crate) fn scan(
        &mut self,
        bytes: &[u8],
        max_fields: usize,
    ) -> Result<Option<usize>, Refusal> {
        let mut at = 0;
        while let Some(&b) = bytes.get(at) {
            self.state = match (self.state, b) {
                (State::LineStart, b'\r') => State::SectionEnd,
                (State::LineStart, _) if TOKEN.has(b) => self.begin(max_fields)?,
                (State::LineStart, b' ' | b'\t') => {
                    return Err(FOLDED);
                }
                (State::Name, b':') => State::Value,
                (State::Name, _) if TOKEN.has(b) => self.lengthen()?,
                (State::Name, b' ' | b'\t') => {
                    return Err(Refusal::bad(
                        "white space in a field name, or between it and the colon (RFC 9112 5.1)",
                    ));
                }
                (State::LineStart | State::Name, _) => {
                    return Err(Refusal::bad("a field name has a byte that is no token's"));
                }
                (State::Value, _) if VALUE.has(b) => {
                    at += VALUE.run(&bytes[at..]);
                    continue;
                }
                (State::Value, b'\r') => State::ValueEnd,
                (State::Value, b'\n') => return Err(BARE_LF),
                (State::Value, _) => {
                    return Err(Refusal::bad("a field value has a control character"));
                }
                (State::ValueEnd, b'\n') => State::LineStart,
                (State::SectionEnd, b'\n') => return Ok(Some(at + 1)),
                (State::ValueEnd | State::SectionEnd, _) => return Err(BARE_CR),
            };
            at += 1;
        }
        Ok(None)
    }

    fn begin(&mut self, max_fields: usize) -> Result<State, Refusal> {
        if self.fields >= max_fields {
            return Err(Refusal::fields_too_large("more fields than the limit"));
        }
        self.fields += 1;
        self.name = 1;
        Ok(State::Name)
    }

    fn lengthen(&mut self) -> Result<State, Refusal> {
        if self.name >= FIELD_NAME {
            return Err(Refusal::fields_too_large("a field name is too long"));
        }
        self.name += 1;
        Ok(State::Name)
    }
}

pub(crate) const BARE_LF: Refusal = Refusal::bad("a line ends in LF without CR");
pub(crate) const BARE_CR: Refusal = Refusal::bad("a CR without LF behind it");
pub(crate) const EMPTY: Refusal = Refusal::bad("too many empty lines before a request line");
pub(crate) const FRAGMENT: Refusal = Refusal::bad("the target has a fragment (RFC 9112 3.2)");
pub(crate) const FOLDED: Refusal =
    Refusal::bad("a field line begins with white space (RFC 9112 5.2)");
