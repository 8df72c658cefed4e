//! A lenient look at the requests in a case, to know how its answers are to be read.
//!
//! It finds where requests begin even if they are malformed, and notes which of them a server has
//! no reason to refuse: only those may be answered before a bad one.

use crate::answers::Asked;
use crate::chars::{all_token, chunk_size, decimal, is_text, trim};

/// One request in the bytes of a connection.
#[derive(Debug)]
pub(super) struct Request {
    method: Vec<u8>,
    /// Its request line follows RFC 9112 3, so a server knows its method.
    known: bool,
    /// All of it is there, as far as its framing can be understood.
    pub(super) complete: bool,
    /// It follows RFC 9112 in everything that is looked at here.
    pub(super) strict: bool,
}

impl Request {
    /// What the reader of its answer must know.
    pub(super) fn asked(&self) -> Asked {
        match (self.method.as_slice(), self.known) {
            (b"HEAD", true) => Asked::Head,
            (b"HEAD", false) => Asked::PerhapsHead,
            (b"CONNECT", _) => Asked::Connect,
            _ => Asked::Ordinary,
        }
    }
}

/// The requests in `raw`, in order. One whose end cannot be found is the last.
pub(super) fn scan(raw: &[u8]) -> Vec<Request> {
    let mut requests = Vec::new();
    let mut cursor = Cursor {
        rest: raw,
        strict: true,
        known: false,
    };
    loop {
        // Empty lines before a request line are passed over (RFC 9112 2.2).
        while let [b'\r' | b'\n', after @ ..] = cursor.rest {
            cursor.rest = after;
        }
        if cursor.rest.is_empty() {
            return requests;
        }
        let request = cursor.request();
        let found_end = request.complete;
        requests.push(request);
        if !found_end {
            return requests;
        }
    }
}

/// How many requests stand before the last one and are beyond reproach.
pub(super) fn good_before_last(requests: &[Request]) -> usize {
    let before = requests.split_last().map_or(&[][..], |(_, before)| before);
    before
        .iter()
        .take_while(|request| request.complete && request.strict)
        .count()
}

struct Cursor<'a> {
    rest: &'a [u8],
    /// Nothing in this request broke a rule so far.
    strict: bool,
    /// Its request line did not.
    known: bool,
}

#[derive(Default)]
struct Fields {
    hosts: usize,
    length: Option<u64>,
    chunked: bool,
}

impl<'a> Cursor<'a> {
    fn request(&mut self) -> Request {
        self.strict = true;
        self.known = false;
        let word = self.rest.iter().take_while(|byte| **byte > b' ').count();
        let method = self.rest[..word].to_vec();
        let complete = self.message().is_some();
        Request {
            method,
            known: self.known,
            complete,
            strict: self.strict,
        }
    }

    /// Passes over one message; `None` where its end is not there or not to be found.
    fn message(&mut self) -> Option<()> {
        let line = self.line()?;
        let (old, good) = request_line(line);
        self.strict &= good;
        self.known = self.strict;
        let mut fields = Fields::default();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            self.strict &= fields.take(line);
        }
        // RFC 9112 3.2, 6.1, 6.3.
        self.strict &= fields.hosts == 1 || (old && fields.hosts == 0);
        self.strict &= !(fields.chunked && (old || fields.length.is_some()));
        if fields.chunked {
            return self.chunks();
        }
        let length = usize::try_from(fields.length.unwrap_or(0)).ok()?;
        self.rest = self.rest.get(length..)?;
        Some(())
    }

    fn chunks(&mut self) -> Option<()> {
        loop {
            let line = self.line()?;
            let Some(size) = chunk_size(line) else {
                self.strict = false;
                return None;
            };
            if size == 0 {
                break;
            }
            self.rest = self.rest.get(usize::try_from(size).ok()?..)?;
            if !self.line()?.is_empty() {
                self.strict = false;
                return None;
            }
        }
        while !self.line()?.is_empty() {}
        Some(())
    }

    /// The next line without its end; a bare LF ends one too, but is not strict.
    fn line(&mut self) -> Option<&'a [u8]> {
        let end = self.rest.iter().position(|byte| *byte == b'\n')?;
        let line = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        let Some(line) = line.strip_suffix(b"\r") else {
            self.strict = false;
            return Some(line);
        };
        self.strict &= !line.contains(&b'\r');
        Some(line)
    }
}

impl Fields {
    /// Notes what one field line says; false where it breaks a rule.
    fn take(&mut self, line: &[u8]) -> bool {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return false;
        };
        let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
        let sound = all_token(name) && value.iter().copied().all(is_text);
        match trim(name).to_ascii_lowercase().as_slice() {
            b"host" => {
                self.hosts += 1;
                sound
            }
            b"content-length" => {
                let once = self.length.is_none();
                let length = decimal(value);
                self.length = length.or(self.length);
                sound && once && length.is_some()
            }
            b"transfer-encoding" => {
                let once = !self.chunked;
                let value = value.to_ascii_lowercase();
                self.chunked |= value.ends_with(b"chunked");
                sound && once && value == b"chunked"
            }
            _ => sound,
        }
    }
}

/// Whether a request line speaks of HTTP/1.0, and whether it is well-formed (RFC 9112 3).
fn request_line(line: &[u8]) -> (bool, bool) {
    let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let [method, target, version] = words[..] else {
        return (line.ends_with(b"HTTP/1.0"), false);
    };
    let old = version == b"HTTP/1.0";
    let in_target = |byte: &u8| byte.is_ascii_graphic() && *byte != b'#';
    let good = all_token(method)
        && !target.is_empty()
        && target.iter().all(in_target)
        && (old || version == b"HTTP/1.1");
    (old, good)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    fn shape(raw: &str) -> Vec<(Asked, bool, bool)> {
        let requests = scan(raw.as_bytes());
        let shape = |r: &Request| (r.asked(), r.complete, r.strict);
        requests.iter().map(shape).collect()
    }

    #[test]
    fn requests_follow_each_other() {
        let raw = "\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n\
            PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\r\n\
            PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nT: u\r\n\r\n\
            CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nGET / HT";
        let asked = [
            (Asked::Head, true, true),
            (Asked::Ordinary, true, true),
            (Asked::Ordinary, true, true),
            (Asked::Connect, true, true),
            (Asked::Ordinary, false, true),
        ];
        assert_eq!(shape(raw), asked);
        assert_eq!(good_before_last(&scan(raw.as_bytes())), 4);
    }

    #[test]
    fn a_bad_request_is_never_good() {
        for bad in [
            "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
            "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        ] {
            let requests = scan(format!("{bad}{GOOD}").as_bytes());
            assert_eq!(good_before_last(&requests), 0, "{bad}");
            assert_eq!(requests.len(), 2, "{bad}");
        }
        assert_eq!(good_before_last(&scan(GOOD.as_bytes())), 0);
    }

    #[test]
    fn what_has_no_end_is_the_last() {
        let broken =
            "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6_0\r\nabc\r\n";
        assert_eq!(
            shape(&format!("{broken}{GOOD}")),
            [(Asked::Ordinary, false, false)]
        );
        let long = "HEAD / HTTP/1.1\r\nHost: a\nContent-Length: 9\r\n\r\nabc";
        assert_eq!(shape(long), [(Asked::Head, false, false)]);
        let unknown = "HEAD / HTTP/1.1\nHost: a\r\n\r\n";
        assert_eq!(shape(unknown), [(Asked::PerhapsHead, true, false)]);
    }
}
