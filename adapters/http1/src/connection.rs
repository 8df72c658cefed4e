//! The Connection field (RFC 9110 7.6.1).

use rgi_core::server::syntax::{TOKEN, is_word, members};

use crate::refusal::Refusal;
use crate::span::FieldSpan;

/// What the Connection fields of a head say together.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
    pub(crate) upgrade: bool,
    /// How many options name something else: fields to be held back.
    pub(crate) others: usize,
}

impl Options {
    /// Takes in one more Connection field.
    pub(crate) fn note(&mut self, value: &[u8]) -> Result<(), Refusal> {
        // What nearly every client sends needs no taking apart.
        if is_word(value, b"keep-alive") {
            self.keep_alive = true;
            return Ok(());
        }
        for option in members(value) {
            if is_word(option, b"close") {
                self.close = true;
            } else if is_word(option, b"keep-alive") {
                self.keep_alive = true;
            } else if is_word(option, b"upgrade") {
                self.upgrade = true;
            } else if TOKEN.spells(option) {
                self.others += usize::from(!is_word(option, b"te"));
            } else if !option.is_empty() {
                return Err(Refusal::bad("Connection has an option that is no token"));
            }
        }
        Ok(())
    }
}

/// Takes out of `fields` those that the Connection field `value` names.
/// `head` are the bytes their spans point into, from `start` on.
///
/// Not Host, Content-Length and Expect: what a message is and whom it is for
/// cannot be unsaid this way.
pub(crate) fn withhold(fields: &mut Vec<FieldSpan>, value: &[u8], head: &[u8], start: usize) {
    for option in members(value).filter(|option| !is_kept(option)) {
        fields.retain(|field| {
            let name = field.name.start as usize - start..field.name.end as usize - start;
            !head[name].eq_ignore_ascii_case(option)
        });
    }
}

fn is_kept(name: &[u8]) -> bool {
    is_word(name, b"host") || is_word(name, b"content-length") || is_word(name, b"expect")
}
