//! A plain reading of requests, from RFC 9110 and RFC 9112: slow, of bytes that are all there, with no
//! state but where it stands. Where the RFCs leave a choice it chooses as the engine says that it does.

use rgi_http1::{Framing, Limits};

/// What bytes begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read<T> {
    /// This, and so many bytes of it.
    Whole(T, usize),
    /// What is there may be the beginning of something right.
    Incomplete,
    /// It can become nothing right.
    Refused,
}

/// A request's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub method: Vec<u8>,
    pub target: Vec<u8>,
    pub minor: u8,
    pub authority: Option<Vec<u8>>,
    /// Those that an application gets.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
    pub framing: Framing,
    pub keep_alive: bool,
    pub expects: bool,
    pub upgrade: Option<Vec<u8>>,
    pub accepts_trailers: bool,
}

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// Fields that no application gets (RFC 9110 7.6.1), and those that Connection cannot hold back.
pub const HOP_BY_HOP: [&str; 6] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];
pub const KEPT: [&str; 3] = ["host", "content-length", "expect"];

/// Empty lines that may stand before a request line (RFC 9112 2.2).
const EMPTY_LINES: usize = 4;

/// The head that `bytes` begin with (RFC 9112 2 to 6).
pub fn head(bytes: &[u8], limits: &Limits) -> Read<Head> {
    let mut start = 0;
    while start < 2 * EMPTY_LINES && bytes[start..].starts_with(b"\r\n") {
        start += 2;
    }
    let rest = &bytes[start..];
    let Some(end) = find(rest, b"\r\n\r\n") else {
        return match rest.len() > limits.head {
            true => Read::Refused,
            false => Read::Incomplete,
        };
    };
    if end + 4 > limits.head {
        return Read::Refused;
    }
    match complete(&rest[..end], limits) {
        Some(head) => Read::Whole(head, start + end + 4),
        None => Read::Refused,
    }
}

fn complete(text: &[u8], limits: &Limits) -> Option<Head> {
    let mut lines = lines(text)?.into_iter();
    let (method, target, minor) = request_line(lines.next()?, limits)?;
    let all: Pairs = lines.map(field).collect::<Option<_>>()?;
    if all.len() > limits.headers {
        return None;
    }
    let values = |name: &str| -> Vec<&[u8]> {
        let named = all
            .iter()
            .filter(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes()));
        named.map(|(_, value)| value.as_slice()).collect()
    };
    let is = |word: &[u8], other: &str| word.eq_ignore_ascii_case(other.as_bytes());

    let hosts = values("host");
    if hosts.len() > 1 || hosts.is_empty() && minor == 1 {
        return None;
    }
    if !hosts.iter().all(|host| authority(host).is_some()) {
        return None;
    }
    let of_target = target_authority(&method, &target)?;

    let options: Vec<&[u8]> = values("connection").into_iter().flat_map(list).collect();
    if !options
        .iter()
        .all(|option| option.is_empty() || is_token(option))
    {
        return None;
    }
    let has = |option: &str| options.iter().any(|it| is(it, option));
    let known = ["close", "keep-alive", "upgrade", "te"];
    let others = options
        .iter()
        .filter(|option| !option.is_empty() && !known.iter().any(|known| is(option, known)));
    if others.count() > limits.headers {
        return None;
    }

    let framing = framing(
        &values("content-length"),
        &values("transfer-encoding"),
        minor,
    )?;
    if matches!(framing, Framing::Length(length) if length > limits.longest_body()) {
        return None;
    }
    if method == b"CONNECT" && framing.has_body() {
        return None;
    }
    let expectations = values("expect");
    let continues = |it: &&[u8]| is(it, "100-continue");
    if minor == 1 && !expectations.iter().all(|it| continues(it)) {
        return None;
    }
    let upgrade = values("upgrade").first().map(|value| value.to_vec());
    let trailers = values("te")
        .into_iter()
        .flat_map(list)
        .any(|it| is(it, "trailers"));
    let passes = |name: &[u8]| {
        let named = options
            .iter()
            .any(|option| option.eq_ignore_ascii_case(name));
        !HOP_BY_HOP.iter().any(|hop| is(name, hop))
            && (!named || KEPT.iter().any(|kept| is(name, kept)))
    };
    let mut fields: Pairs = all
        .iter()
        .filter(|(name, _)| passes(name))
        .cloned()
        .collect();
    if let Some(authority) = &of_target {
        // RFC 9112 3.2.2: it goes before Host.
        let host = fields.iter_mut().find(|(name, _)| is(name, "host"));
        if let Some((_, value)) = host {
            value.clone_from(authority);
        }
    }
    Some(Head {
        authority: of_target.or_else(|| hosts.first().map(|host| host.to_vec())),
        fields,
        framing,
        keep_alive: (minor == 1 || has("keep-alive")) && !has("close"),
        expects: minor == 1 && !expectations.is_empty() && framing.has_body(),
        upgrade: upgrade.filter(|value| minor == 1 && has("upgrade") && !value.is_empty()),
        accepts_trailers: trailers && minor == 1,
        method,
        target,
        minor,
    })
}

/// What the Connection fields of a right head name, in lower case.
pub fn connection_options(head: &[u8]) -> Vec<String> {
    let lines = lines(head).unwrap_or_default().into_iter();
    let fields = lines.filter_map(field);
    let named = fields.filter(|(name, _)| name.eq_ignore_ascii_case(b"connection"));
    let options = named.flat_map(|(_, value)| {
        let options = list(&value).into_iter();
        let text = options.map(|option| String::from_utf8_lossy(option).to_ascii_lowercase());
        text.collect::<Vec<_>>()
    });
    options.collect()
}

/// The chunk-size lines of a right chunked body.
pub fn chunk_lines(body: &[u8]) -> Vec<&[u8]> {
    let mut rest = body;
    let mut lines = Vec::new();
    while let Some(end) = find(rest, b"\r\n") {
        let Some((size, _)) = chunk_line(&rest[..end]) else {
            break;
        };
        lines.push(&rest[..end]);
        if size == 0 {
            break;
        }
        rest = rest.get(end + size as usize + 4..).unwrap_or_default();
    }
    lines
}

/// RFC 9112 3.
fn request_line(line: &[u8], limits: &Limits) -> Option<(Vec<u8>, Vec<u8>, u8)> {
    let mut parts = line.split(|byte| *byte == b' ');
    let (method, target, version) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !is_token(method) || method.len() > 64 {
        return None;
    }
    if target.is_empty() || target.len() > limits.target {
        return None;
    }
    let minor = match version {
        b"HTTP/1.0" => 0,
        b"HTTP/1.1" => 1,
        _ => return None,
    };
    Some((method.to_vec(), target.to_vec(), minor))
}

/// RFC 9112 3.2: the authority of a target of the right form.
fn target_authority(method: &[u8], target: &[u8]) -> Option<Option<Vec<u8>>> {
    if method == b"CONNECT" {
        // RFC 9110 9.3.6: with a port.
        return matches!(authority(target)?, Some(_)).then(|| Some(target.to_vec()));
    }
    if target.first() == Some(&b'/') {
        return is_path_and_query(target).then_some(None);
    }
    if target == b"*" {
        return (method == b"OPTIONS").then_some(None);
    }
    let text = target.to_ascii_lowercase();
    let prefix = ["http://", "https://"];
    let prefix = prefix
        .iter()
        .find(|prefix| text.starts_with(prefix.as_bytes()))?;
    let rest = &target[prefix.len()..];
    let end = rest
        .iter()
        .position(|byte| b"/?".contains(byte))
        .unwrap_or(rest.len());
    authority(&rest[..end])?;
    is_path_and_query(&rest[end..]).then(|| Some(rest[..end].to_vec()))
}

/// RFC 3986 3.3 and 3.4, and what browsers send as it is.
fn is_path_and_query(text: &[u8]) -> bool {
    let (path, query) = match text.iter().position(|byte| *byte == b'?') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &text[..0]),
    };
    let is_path =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%|^`{}[]".contains(byte);
    path.iter().all(is_path)
        && query
            .iter()
            .all(|byte| is_path(byte) || b"?\\".contains(byte))
}

/// RFC 9110 7.2 and RFC 3986 3.2: the port of a host and port that are valid, `Some(None)` for none.
fn authority(text: &[u8]) -> Option<Option<u16>> {
    let text = std::str::from_utf8(text).ok()?;
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (None, port)
        }
        None => {
            let end = text.find(':').unwrap_or(text.len());
            (Some(&text[..end]), &text[end..])
        }
    };
    if let Some(host) = host {
        let mut rest = host.as_bytes();
        if rest.is_empty() {
            return None;
        }
        while let [first, behind @ ..] = rest {
            rest = match (first, behind) {
                (b'%', [high, low, behind @ ..])
                    if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
                {
                    behind
                }
                (b'%', _) => return None,
                _ if first.is_ascii_alphanumeric() || b"-._~!$&'()*+;=".contains(first) => behind,
                _ => return None,
            };
        }
    }
    match port {
        "" | ":" => Some(None),
        _ => {
            let digits = port.strip_prefix(':')?;
            if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let digits = digits.trim_start_matches('0');
            let number: u32 = if digits.is_empty() {
                0
            } else {
                digits.parse().ok()?
            };
            u16::try_from(number).ok().map(Some)
        }
    }
}

/// RFC 9112 6, with a refusal wherever it leaves a choice.
fn framing(lengths: &[&[u8]], codings: &[&[u8]], minor: u8) -> Option<Framing> {
    match (lengths, codings) {
        ([], []) => Some(Framing::None),
        ([one], []) if !one.is_empty() && one.iter().all(u8::is_ascii_digit) => {
            let digits = std::str::from_utf8(one).ok()?;
            digits.parse().ok().map(Framing::Length)
        }
        ([], codings) if minor == 1 => {
            let all: Vec<&[u8]> = codings.iter().flat_map(|value| list(value)).collect();
            let is_chunked = all.len() == 1 && all[0].eq_ignore_ascii_case(b"chunked");
            is_chunked.then_some(Framing::Chunked)
        }
        _ => None,
    }
}

/// A chunked body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunked {
    pub data: Vec<u8>,
    /// Names in lower case.
    pub trailers: Pairs,
}

/// Bytes of a chunk-size line, and of extensions that no data makes good.
const LINE: usize = 4 * 1024;
const EXTENSIONS: u64 = 16 * 1024;

/// The chunked body that `bytes` begin with (RFC 9112 7.1).
pub fn chunked(bytes: &[u8], limits: &Limits) -> Read<Chunked> {
    let mut at = 0;
    let mut data = Vec::new();
    let mut extensions = 0u64;
    loop {
        let rest = &bytes[at..];
        let Some(end) = find(rest, b"\r\n") else {
            return match rest.len() > LINE {
                true => Read::Refused,
                false => Read::Incomplete,
            };
        };
        let Some((size, of_extensions)) = chunk_line(&rest[..end]) else {
            return Read::Refused;
        };
        extensions = (extensions + of_extensions).saturating_sub(size);
        let room = limits.longest_body() - data.len() as u64;
        if end + 2 > LINE || size > room || extensions > EXTENSIONS {
            return Read::Refused;
        }
        at += end + 2;
        if size == 0 {
            break;
        }
        let size = size as usize;
        let Some(block) = bytes.get(at..at + size) else {
            return Read::Incomplete;
        };
        data.extend_from_slice(block);
        at += size;
        match bytes.get(at..) {
            Some([b'\r', b'\n', ..]) => at += 2,
            Some([] | [b'\r']) => return Read::Incomplete,
            _ => return Read::Refused,
        }
    }
    let rest = &bytes[at..];
    let section = match rest.starts_with(b"\r\n") {
        true => 2,
        false => match find(rest, b"\r\n\r\n") {
            Some(end) => end + 4,
            None if rest.len() > limits.head => return Read::Refused,
            None => return Read::Incomplete,
        },
    };
    if section > limits.head {
        return Read::Refused;
    }
    match trailers(&rest[..section.saturating_sub(4)], limits) {
        Some(trailers) => Read::Whole(Chunked { data, trailers }, at + section),
        None => Read::Refused,
    }
}

/// The size of a chunk, and the bytes of its extensions.
fn chunk_line(line: &[u8]) -> Option<(u64, u64)> {
    if line.iter().any(|byte| b"\r\n".contains(byte)) {
        return None;
    }
    let digits = line
        .iter()
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    if !(1..=16).contains(&digits) {
        return None;
    }
    let size = u64::from_str_radix(std::str::from_utf8(&line[..digits]).ok()?, 16).ok()?;
    let mut rest = &line[digits..];
    while !rest.is_empty() {
        rest = trim_start(rest);
        rest = rest.strip_prefix(b";")?;
        rest = trim_start(rest);
        rest = behind_token(rest)?;
        // White space behind a name without a value is before the next semicolon.
        let mut ahead = rest;
        ahead = trim_start(ahead);
        let Some(mut value) = ahead.strip_prefix(b"=") else {
            continue;
        };
        value = trim_start(value);
        rest = match value.strip_prefix(b"\"") {
            Some(quoted) => behind_quoted(quoted)?,
            None => behind_token(value)?,
        };
    }
    Some((size, (line.len() - digits) as u64))
}

fn behind_token(text: &[u8]) -> Option<&[u8]> {
    let len = text.iter().take_while(|byte| is_tchar(byte)).count();
    (len > 0).then(|| &text[len..])
}

fn behind_quoted(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        text = match text {
            [b'"', rest @ ..] => return Some(rest),
            [b'\\', escaped, rest @ ..] if is_text(escaped) => rest,
            [byte, rest @ ..] if *byte != b'\\' && is_text(byte) => rest,
            _ => return None,
        };
    }
}

/// RFC 9110 6.5.1: those that say how to read or route the message are refused.
fn trailers(section: &[u8], limits: &Limits) -> Option<Pairs> {
    if section.is_empty() {
        return Some(Vec::new());
    }
    let fields: Pairs = lines(section)?
        .into_iter()
        .map(field)
        .collect::<Option<_>>()?;
    let refused = [
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let is_refused = |name: &[u8]| {
        refused
            .iter()
            .any(|it| it.as_bytes().eq_ignore_ascii_case(name))
    };
    if fields.len() > limits.headers || fields.iter().any(|(name, _)| is_refused(name)) {
        return None;
    }
    let lower = |(name, value): (Vec<u8>, Vec<u8>)| (name.to_ascii_lowercase(), value);
    Some(fields.into_iter().map(lower).collect())
}

/// RFC 9112 5.
fn field(line: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let is_right = is_token(name) && value.iter().all(is_text);
    is_right.then(|| (name.to_vec(), trim(value).to_vec()))
}

/// What stands between CRLFs; none where a CR or LF stands by itself.
fn lines(text: &[u8]) -> Option<Vec<&[u8]>> {
    let mut lines = Vec::new();
    let mut rest = text;
    loop {
        let end = find(rest, b"\r\n").unwrap_or(rest.len());
        if rest[..end].iter().any(|byte| b"\r\n".contains(byte)) {
            return None;
        }
        lines.push(&rest[..end]);
        match rest.get(end + 2..) {
            Some(behind) => rest = behind,
            None => return Some(lines),
        }
    }
}

/// The members of a comma-separated list, trimmed, empty ones included.
fn list(value: &[u8]) -> Vec<&[u8]> {
    value.split(|byte| *byte == b',').map(trim).collect()
}

fn trim(text: &[u8]) -> &[u8] {
    let text = trim_start(text);
    let end = text.iter().rposition(|byte| !b" \t".contains(byte));
    &text[..end.map_or(0, |end| end + 1)]
}

fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(is_tchar)
}

/// RFC 9110 5.6.2.
fn is_tchar(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte)
}

/// RFC 9110 5.5: `field-vchar`, SP and HTAB.
fn is_text(byte: &u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~' | 0x80..)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Takes white space off the front.
fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !b" \t".contains(byte));
    &text[start.unwrap_or(text.len())..]
}
