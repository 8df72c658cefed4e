//! Answers, as they are read off a connection (RFC 9112), and their normal form.

use std::fmt::Write as _;

use super::pattern;

/// How the end of a body is known (RFC 9112 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is no body.
    None,
    Length(u64),
    Chunked,
    /// With the connection.
    Close,
}

/// A head, interim or final.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    /// Names in lower case, in the order of names; values of one name in the order they came.
    pub(super) fields: Vec<(String, String)>,
    pub(super) framing: Framing,
}

/// Fields that differ by nature, or that speak of the connection and are seen by what it does.
const LEFT_OUT: [&str; 5] = ["date", "server", "keep-alive", "transfer-encoding", APP];

const APP: &str = "x-rgi-app";

/// Fields by which a server describes its own words.
const BY_THE_SERVER: [&str; 2] = ["content-length", "content-type"];

impl Head {
    /// Reads a head, its empty line included. `bodiless`: the request was a HEAD.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn parse(head: &[u8], bodiless: bool) -> Result<Head, String> {
        let wrong = || format!("no head of an answer: {}", quoted(head));
        let text = std::str::from_utf8(head).map_err(|_| wrong())?;
        let mut lines = text
            .strip_suffix("\r\n\r\n")
            .ok_or_else(wrong)?
            .split("\r\n");
        let line = lines.next().unwrap_or_default();
        let rest = line.strip_prefix("HTTP/1.").ok_or_else(wrong)?;
        let status = rest.get(2..5).and_then(|code| code.parse().ok());
        let status = status
            .filter(|status| (100..600).contains(status))
            .ok_or_else(wrong)?;
        let mut fields = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(':').ok_or_else(wrong)?;
            if name.is_empty() || name.contains([' ', '\t']) || line.contains('\n') {
                return Err(wrong());
            }
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        // Stable: values of one name keep their order.
        fields.sort_by(|(a, _), (b, _)| a.cmp(b));
        let framing = framing(status, &fields, bodiless)?;
        Ok(Head {
            status,
            fields,
            framing,
        })
    }

    pub(super) fn is_interim(&self) -> bool {
        self.status < 200 && self.status != 101
    }

    pub(super) fn closes(&self) -> bool {
        self.has("connection", "close")
    }

    fn has(&self, name: &str, value: &str) -> bool {
        let is = |(n, v): &(String, String)| n == name && v.eq_ignore_ascii_case(value);
        self.fields.iter().any(is)
    }

    /// Whether the site of the suite made it.
    pub(super) fn is_by_site(&self) -> bool {
        self.has(APP, "conformance")
    }

    pub(super) fn is_by_app(&self) -> bool {
        self.is_interim() || self.fields.iter().any(|(name, _)| name == APP)
    }

    /// Writes it in normal form: the status, and a line a field. `shown` are fields that are left out
    /// otherwise.
    pub(super) fn write(&self, shown: &[&str], out: &mut String) {
        let _ = write!(out, "{}", self.status);
        out.push_str(if self.is_by_app() {
            "\n"
        } else {
            " by the server\n"
        });
        for (name, value) in &self.fields {
            let is_left_out = match self.is_by_app() {
                true => self.is_left_out(name, value) && !shown.contains(&name.as_str()),
                false => BY_THE_SERVER.contains(&name.as_str()) || self.is_left_out(name, value),
            };
            if !is_left_out {
                let value = match name.as_str() {
                    "date" if is_date(value) => "a date",
                    _ => value,
                };
                let _ = writeln!(out, "{name}: {value}");
            }
        }
    }

    /// A 304 may have the length of what it stands for, and need not (RFC 9110 8.6).
    fn is_left_out(&self, name: &str, value: &str) -> bool {
        LEFT_OUT.contains(&name)
            || self.status == 304 && name == "content-length"
            || says_it_stays(name, value)
    }

    /// Writes what came behind it: nothing of a server's own words.
    pub(super) fn write_body(&self, body: &[u8], out: &mut String) {
        if self.is_by_app() {
            write_body(body, out);
        }
    }
}

/// What servers may say of a connection that stays, and need not but to HTTP/1.0.
fn says_it_stays(name: &str, value: &str) -> bool {
    name == "connection" && value == "keep-alive"
}

fn framing(status: u16, fields: &[(String, String)], bodiless: bool) -> Result<Framing, String> {
    let all = |name: &str| {
        let of_name = fields.iter().filter(move |(n, _)| n == name);
        of_name.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    let (lengths, codings) = (all("content-length"), all("transfer-encoding"));
    // RFC 9110 8.6, RFC 9112 6.1 and 6.2.
    if (status < 200 || status == 204) && !(lengths.is_empty() && codings.is_empty()) {
        return Err(format!("a length for the body that {status} never has"));
    }
    let framing = match (&lengths[..], &codings[..]) {
        ([], []) => Framing::Close,
        ([length], []) => match length.parse() {
            Ok(length) if length_is_plain(length, lengths[0]) => Framing::Length(length),
            _ => return Err(format!("Content-Length: {length}")),
        },
        ([], [coding]) if coding.eq_ignore_ascii_case("chunked") => Framing::Chunked,
        _ => {
            return Err(format!(
                "lengths {lengths:?} and codings {codings:?} in one answer"
            ));
        }
    };
    match bodiless || status < 200 || matches!(status, 204 | 304) {
        true => Ok(Framing::None),
        false => Ok(framing),
    }
}

/// Digits and nothing else (RFC 9110 8.6).
fn length_is_plain(length: u64, text: &str) -> bool {
    length.to_string() == text
}

/// Whether it is a date as servers write it, such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 5.6.7).
fn is_date(value: &str) -> bool {
    let model = "aaa, 00 aaa 0000 00:00:00 GMT";
    let like = |(model, byte): (u8, u8)| match model {
        b'a' => byte.is_ascii_alphabetic(),
        b'0' => byte.is_ascii_digit(),
        _ => byte == model,
    };
    value.len() == model.len() && model.bytes().zip(value.bytes()).all(like)
}

/// Writes a body in normal form; nothing of an empty one.
pub(super) fn write_body(body: &[u8], out: &mut String) {
    write_part(body, 0, out);
}

/// The same of a part of a body, behind so many bytes.
pub(super) fn write_part(part: &[u8], behind: usize, out: &mut String) {
    if part.is_empty() {
        return;
    }
    let _ = writeln!(out, "{}", described(part, behind));
}

/// Bytes up to which they are shown themselves.
const SHOWN: usize = 400;

fn described(body: &[u8], behind: usize) -> String {
    if body.len() <= SHOWN {
        return quoted(body);
    }
    let known = pattern(behind + body.len()).split_off(behind);
    if known == body {
        return format!("{} bytes of the pattern", body.len());
    }
    let same = known
        .iter()
        .zip(body)
        .take_while(|(known, byte)| known == byte);
    let at = same.count();
    format!("{} bytes, which leave the pattern at {at}", body.len())
}

pub(super) fn quoted(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(SHOWN)];
    format!("\"{}\"", shown.escape_ascii())
}
