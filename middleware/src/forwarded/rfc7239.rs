//! `Forwarded` (RFC 7239).

use std::borrow::Cow;

use http::{HeaderMap, header};
use rgi_core::server::syntax::TOKEN;

use super::claims::{self, Claims, Malformed};
use super::node::Node;
use super::proxies::Proxies;

const NAME: &str = "forwarded";

/// What counts of the fields of a request that a trusted proxy has sent.
///
/// All of them have to be well formed: a quotation mark that a client opened would swallow what a proxy
/// wrote behind it.
pub(super) fn read(headers: &HeaderMap, proxies: &Proxies) -> Result<Claims, Malformed> {
    let mut elements = Vec::new();
    for line in headers.get_all(header::FORWARDED) {
        Parser(line.as_bytes())
            .elements(&mut elements)
            .ok_or(Malformed(NAME))?;
    }
    // Where a proxy says nothing of who came, no more is known.
    let named = elements.iter().rev();
    let named = named.map_while(|element| element.client.as_deref());
    let (client, hop) = claims::walk(proxies, named.map(Node::parse)).ok_or(Malformed(NAME))?;
    let Some(element) = elements.iter().rev().nth(hop) else {
        return Ok(Claims::default());
    };
    Ok(Claims {
        client,
        scheme: claim(&element.proto, claims::scheme)?,
        host: claim(&element.host, claims::host)?,
        prefix: None,
    })
}

fn claim<T>(
    value: &Option<Cow<'_, [u8]>>,
    parse: impl Fn(&[u8]) -> Option<T>,
) -> Result<Option<T>, Malformed> {
    let value = value.as_deref();
    value
        .map(|value| parse(value).ok_or(Malformed(NAME)))
        .transpose()
}

/// What one proxy wrote. Its other parameters are of no use here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) client: Option<Cow<'a, [u8]>>,
    pub(super) proto: Option<Cow<'a, [u8]>>,
    pub(super) host: Option<Cow<'a, [u8]>>,
}

/// What is left of a line.
pub(super) struct Parser<'a>(pub(super) &'a [u8]);

/// The grammar of RFC 7239 4. White space may stand around commas and semicolons; `None` is malformed.
impl<'a> Parser<'a> {
    pub(super) fn elements(mut self, elements: &mut Vec<Element<'a>>) -> Option<()> {
        loop {
            self.space();
            // RFC 9110 5.6.1.2: an empty member of a list is none.
            if !matches!(self.0, [] | [b',', ..]) {
                elements.push(self.element()?);
            }
            match self.0 {
                [] => return Some(()),
                [b',', rest @ ..] => self.0 = rest,
                _ => return None,
            }
        }
    }

    fn element(&mut self) -> Option<Element<'a>> {
        let mut element = Element::default();
        loop {
            self.space();
            if !matches!(self.0, [] | [b';' | b',', ..]) {
                let name = self.token()?;
                self.skip(b'=')?;
                let value = self.value()?;
                let known = match name {
                    name if name.eq_ignore_ascii_case(b"for") => &mut element.client,
                    name if name.eq_ignore_ascii_case(b"proto") => &mut element.proto,
                    name if name.eq_ignore_ascii_case(b"host") => &mut element.host,
                    _ => &mut None,
                };
                // RFC 7239 4: each at most once.
                if known.replace(value).is_some() {
                    return None;
                }
            }
            self.space();
            if self.skip(b';').is_none() {
                return Some(element);
            }
        }
    }

    fn value(&mut self) -> Option<Cow<'a, [u8]>> {
        match self.skip(b'"') {
            Some(()) => self.quoted(),
            None => self.token().map(Cow::Borrowed),
        }
    }

    /// The rest of a quoted string (RFC 9110 5.6.4).
    fn quoted(&mut self) -> Option<Cow<'a, [u8]>> {
        let mut value = Cow::Borrowed(&[][..]);
        loop {
            let end = self.0.iter().position(|b| matches!(b, b'"' | b'\\'))?;
            let (text, rest) = self.0.split_at(end);
            match value.is_empty() {
                true => value = Cow::Borrowed(text),
                false => value.to_mut().extend_from_slice(text),
            }
            self.0 = &rest[1..];
            if rest[0] == b'"' {
                return Some(value);
            }
            let (escaped, rest) = self.0.split_first()?;
            value.to_mut().push(*escaped);
            self.0 = rest;
        }
    }

    fn token(&mut self) -> Option<&'a [u8]> {
        let (token, rest) = self.0.split_at(TOKEN.run(self.0));
        self.0 = rest;
        (!token.is_empty()).then_some(token)
    }

    fn skip(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        (*first == byte).then(|| self.0 = rest)
    }

    fn space(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }
}
