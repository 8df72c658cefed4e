//! The head of one answer: status line and fields (RFC 9112 4 and 5).

use crate::chars::{all_token, decimal, is_text, trim};

/// How the end of a body is known (RFC 9112 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// What matters of a head.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) from_app: bool,
    pub(super) framing: Framing,
}

impl Head {
    /// Parses a head without its empty line. The error says what is wrong in it.
    pub(super) fn parse(head: &[u8]) -> Result<Self, String> {
        let mut lines = lines(head);
        let status = status(lines.next().unwrap_or_default())?;
        let mut from_app = false;
        let mut length = None;
        let mut chunked = false;
        for line in lines {
            let (name, value) = field(line)?;
            if name.eq_ignore_ascii_case(b"x-rgi-app") {
                from_app = true;
            } else if name.eq_ignore_ascii_case(b"content-length") {
                let wrong = || format!("Content-Length '{}'", value.escape_ascii());
                if length.replace(decimal(value).ok_or_else(wrong)?).is_some() {
                    return Err("Content-Length twice in one answer".into());
                }
            } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
                if chunked || !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(format!(
                        "Transfer-Encoding '{}', where nothing but one 'chunked' was offered",
                        value.escape_ascii()
                    ));
                }
                chunked = true;
            }
        }
        // RFC 9110 8.6, RFC 9112 6.1 and 6.2.
        if (status < 200 || status == 204) && (length.is_some() || chunked) {
            return Err(format!("a length for the body that {status} never has"));
        }
        let framing = match (length, chunked) {
            (Some(_), true) => {
                return Err("Content-Length beside Transfer-Encoding in one answer".into());
            }
            (_, true) => Framing::Chunked,
            (Some(length), _) => Framing::Length(length),
            (None, false) => Framing::UntilClose,
        };
        Ok(Head {
            status,
            from_app,
            framing,
        })
    }
}

/// Finds early what can never become a head, so that nobody waits for its end.
pub(super) fn check_beginning(bytes: &[u8]) -> Result<(), String> {
    const VERSION: &[u8] = b"HTTP/1.";
    let shown = bytes.len().min(VERSION.len());
    if bytes[..shown] != VERSION[..shown] {
        let excerpt = &bytes[..bytes.len().min(40)];
        return Err(format!(
            "'{}' where an answer should begin",
            excerpt.escape_ascii()
        ));
    }
    let head = bytes.windows(4).position(|w| w == b"\r\n\r\n");
    let head = &bytes[..head.unwrap_or(bytes.len())];
    let bare = |at: usize| head[at] == b'\n' && (at == 0 || head[at - 1] != b'\r');
    match (0..head.len()).any(bare) {
        true => Err("a bare LF in a head".into()),
        false => Ok(()),
    }
}

/// One field line, split into name and value (RFC 9112 5.1; folding is refused, 5.2).
pub(super) fn field(line: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let wrong = || format!("the field line '{}'", line.escape_ascii());
    let colon = line.iter().position(|b| *b == b':').ok_or_else(wrong)?;
    let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
    if !all_token(name) || !value.iter().copied().all(is_text) {
        return Err(wrong());
    }
    Ok((name, value))
}

fn status(line: &[u8]) -> Result<u16, String> {
    let wrong = || format!("the status line '{}'", line.escape_ascii());
    let code = match line {
        [
            b'H',
            b'T',
            b'T',
            b'P',
            b'/',
            b'1',
            b'.',
            b'0' | b'1',
            b' ',
            code @ ..,
        ] => code,
        _ => return Err(wrong()),
    };
    // The space after the code stands there even without a reason (RFC 9112 4).
    let Some((code, [b' ', reason @ ..])) = code.split_at_checked(3) else {
        return Err(wrong());
    };
    if !reason.iter().copied().all(is_text) {
        return Err(wrong());
    }
    let code = decimal(code).filter(|code| (100..600).contains(code));
    code.and_then(|code| u16::try_from(code).ok())
        .ok_or_else(wrong)
}

fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    // Bare LFs were refused before; a CR that is left in a line is no field character.
    head.split(|b| *b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}
