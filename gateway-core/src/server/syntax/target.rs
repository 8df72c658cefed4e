//! The request target (RFC 9112 3.2).

use super::{PATH, QUERY, authority};
use crate::server::Span;

/// The form a request target has (RFC 9112 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetForm {
    /// `/path?query`: every usual request.
    Origin,
    /// `http://host/path?query`: a request made to a proxy, which an origin
    /// server answers all the same.
    Absolute,
    /// `host:port`: CONNECT, and CONNECT alone.
    Authority,
    /// `*`: OPTIONS of the server as a whole.
    Asterisk,
}

/// A target taken apart; spans count from its first byte.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its form.
    pub form: TargetForm,
    /// Host and port, of the absolute and the authority form.
    pub authority: Option<Span>,
    /// The path; empty for the asterisk and authority forms.
    pub path: Span,
    /// The query, without its question mark.
    pub query: Option<Span>,
}

impl Target {
    /// Takes `target` apart as `method` has it. The bytes are checked here.
    ///
    /// # Errors
    ///
    /// A form that the method has not, a byte that no URI has, and what is wrong with an
    /// authority.
    #[inline]
    pub fn parse(method: &[u8], target: &[u8]) -> Result<Self, &'static str> {
        let first = target.first();
        if method == b"CONNECT" {
            return Self::authority_form(target);
        }
        if first == Some(&b'/') {
            return Self::from_path(TargetForm::Origin, None, target, 0);
        }
        if target == b"*" && method == b"OPTIONS" {
            return Ok(Self {
                form: TargetForm::Asterisk,
                authority: None,
                path: Span::new(1, 1),
                query: None,
            });
        }
        match absolute_prefix(target) {
            Some(prefix) => Self::absolute_form(target, prefix),
            None if target == b"*" => Err("the target * is for OPTIONS (RFC 9112 3.2.4)"),
            None => Err("the target is neither a path beginning with / nor an http or https URI"),
        }
    }

    /// RFC 9112 3.2.3; the port is required (RFC 9110 9.3.6).
    fn authority_form(target: &[u8]) -> Result<Self, &'static str> {
        if authority(target)?.is_none() {
            return Err("the target of CONNECT needs a port");
        }
        let whole = Span::new(0, target.len());
        Ok(Self {
            form: TargetForm::Authority,
            authority: Some(whole),
            path: Span::new(target.len(), target.len()),
            query: None,
        })
    }

    /// RFC 9112 3.2.2.
    fn absolute_form(target: &[u8], prefix: usize) -> Result<Self, &'static str> {
        let rest = &target[prefix..];
        let end = prefix
            + rest
                .iter()
                .position(|b| matches!(b, b'/' | b'?'))
                .unwrap_or(rest.len());
        authority(&target[prefix..end])?;
        let authority = Span::new(prefix, end);
        Self::from_path(TargetForm::Absolute, Some(authority), target, end)
    }

    /// The path and query beginning at `start`, to the end of the target.
    #[inline]
    fn from_path(
        form: TargetForm,
        authority: Option<Span>,
        target: &[u8],
        start: usize,
    ) -> Result<Self, &'static str> {
        let path_end = start + PATH.run(&target[start..]);
        let query = match &target[path_end..] {
            [] => None,
            [b'?', query @ ..] if QUERY.run(query) == query.len() => {
                Some(Span::new(path_end + 1, target.len()))
            }
            _ => return Err("the target has a byte that no URI has"),
        };
        Ok(Self {
            form,
            authority,
            path: Span::new(start, path_end),
            query,
        })
    }
}

/// Length of `http://` or `https://` at the front; a scheme's case does not
/// count.
fn absolute_prefix(target: &[u8]) -> Option<usize> {
    ["http://", "https://"]
        .into_iter()
        .find(|prefix| {
            target
                .get(..prefix.len())
                .is_some_and(|front| front.eq_ignore_ascii_case(prefix.as_bytes()))
        })
        .map(str::len)
}
