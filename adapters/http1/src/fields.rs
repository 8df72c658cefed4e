//! What the fields of a head mean to the protocol.

use http::{StatusCode, Version};
use rgi_core::server::syntax::{authority, is_word, members};

use crate::connection::Options;
use crate::framing::{Codings, Framing, TWO_FRAMINGS, TWO_LENGTHS, content_length};
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::span::Span;

/// Gathers the fields that are the protocol's business, one by one.
#[derive(Default)]
pub(crate) struct Meaning {
    /// The value of Host, and its place among the fields passed on.
    pub(crate) host: Option<(Span, usize)>,
    pub(crate) connection: Options,
    length: Option<u64>,
    codings: Codings,
    upgrade: Option<Span>,
    trailers: bool,
    expects_continue: bool,
    expects_other: bool,
}

impl Meaning {
    /// Takes in one field; `at` is where its value stands, `index` the number
    /// of fields passed on so far. Says whether this one is passed on too:
    /// hop-by-hop fields are not.
    #[inline]
    pub(crate) fn note(
        &mut self,
        name: &[u8],
        value: &[u8],
        at: Span,
        index: usize,
    ) -> Result<bool, Refusal> {
        let Some(special) = Special::of(name) else {
            return Ok(true);
        };
        match special {
            Special::Host => {
                if self.host.replace((at, index)).is_some() {
                    return Err(Refusal::bad("more than one Host (RFC 9112 3.2)"));
                }
                authority(value).map_err(Refusal::bad)?;
            }
            Special::ContentLength => {
                if self.length.replace(content_length(value)?).is_some() {
                    return Err(TWO_LENGTHS);
                }
            }
            Special::Expect if is_word(value, b"100-continue") => {
                self.expects_continue = true;
            }
            Special::Expect => self.expects_other = true,
            Special::TransferEncoding => self.codings.note(value),
            Special::Connection => self.connection.note(value)?,
            Special::Upgrade => {
                self.upgrade.get_or_insert(at);
            }
            Special::Te => {
                self.trailers |= members(value).any(|coding| is_word(coding, b"trailers"));
            }
            Special::OtherHopByHop => {}
        }
        Ok(special.is_end_to_end())
    }

    /// RFC 9112 6.3, with a refusal wherever it leaves a choice.
    pub(crate) fn framing(&self, version: Version, limits: &Limits) -> Result<Framing, Refusal> {
        if self.codings.is_named() && self.length.is_some() {
            return Err(TWO_FRAMINGS);
        }
        if self.codings.is_chunked(version)? {
            return Ok(Framing::Chunked);
        }
        match self.length {
            None => Ok(Framing::None),
            Some(length) if length > limits.longest_body() => Err(Refusal::body_too_large()),
            Some(length) => Ok(Framing::Length(length)),
        }
    }

    /// Whether the client waits for `100 Continue` (RFC 9110 10.1.1).
    /// HTTP/1.0 has no expectations.
    pub(crate) fn expect_continue(
        &self,
        version: Version,
        framing: Framing,
    ) -> Result<bool, Refusal> {
        if version == Version::HTTP_10 {
            return Ok(false);
        }
        if self.expects_other {
            return Err(Refusal::new(
                StatusCode::EXPECTATION_FAILED,
                "no expectation but 100-continue can be met",
            ));
        }
        Ok(self.expects_continue && framing.has_body())
    }

    /// RFC 9112 9.3.
    pub(crate) fn keep_alive(&self, version: Version) -> bool {
        let offered = version == Version::HTTP_11 || self.connection.keep_alive;
        offered && !self.connection.close
    }

    /// RFC 9110 7.8: ignored on HTTP/1.0, and without its connection option.
    pub(crate) fn upgrade(&self, version: Version) -> Option<Span> {
        let meant = version == Version::HTTP_11 && self.connection.upgrade;
        self.upgrade.filter(|value| meant && !value.is_empty())
    }

    /// RFC 9110 10.1.4. HTTP/1.0 has no chunks for trailers to stand behind.
    pub(crate) fn accepts_trailers(&self, version: Version) -> bool {
        self.trailers && version == Version::HTTP_11
    }
}

/// The fields that are the protocol's business.
#[derive(Clone, Copy)]
enum Special {
    Host,
    ContentLength,
    Expect,
    TransferEncoding,
    Connection,
    Upgrade,
    Te,
    /// Keep-Alive and Proxy-Connection: known, and of no use.
    OtherHopByHop,
}

impl Special {
    #[inline]
    fn of(name: &[u8]) -> Option<Self> {
        let (found, special) = match name.len() {
            2 => (is_word(name, b"te"), Self::Te),
            4 => (is_word(name, b"host"), Self::Host),
            6 => (is_word(name, b"expect"), Self::Expect),
            7 => (is_word(name, b"upgrade"), Self::Upgrade),
            10 if is_word(name, b"connection") => (true, Self::Connection),
            10 => (is_word(name, b"keep-alive"), Self::OtherHopByHop),
            14 => (is_word(name, b"content-length"), Self::ContentLength),
            16 => (is_word(name, b"proxy-connection"), Self::OtherHopByHop),
            17 => (is_word(name, b"transfer-encoding"), Self::TransferEncoding),
            _ => return None,
        };
        found.then_some(special)
    }

    fn is_end_to_end(self) -> bool {
        matches!(self, Self::Host | Self::ContentLength | Self::Expect)
    }
}
