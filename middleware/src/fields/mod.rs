//! Reading and writing header fields, as several middlewares need it.

#[cfg(any(feature = "compression", feature = "static-files"))]
mod accept;
#[cfg(any(
    feature = "compression",
    feature = "sessions",
    feature = "static-files"
))]
mod head;

#[cfg(feature = "compression")]
pub(crate) use accept::CODINGS;
#[cfg(any(feature = "compression", feature = "static-files"))]
pub(crate) use accept::coding_weights;
#[cfg(feature = "compression")]
pub(crate) use head::has;
#[cfg(any(
    feature = "compression",
    feature = "sessions",
    feature = "static-files"
))]
pub(crate) use head::vary;

/// The members of a list that may come in several lines (RFC 9110 5.6.1): trimmed, without the empty
/// ones. Commas inside quoted strings separate nothing. Lines that are not ASCII are passed over.
#[cfg(any(
    feature = "compression",
    feature = "decompression",
    feature = "page-cache",
    feature = "static-files"
))]
pub(crate) fn members<'a>(
    headers: &'a http::HeaderMap,
    name: &http::HeaderName,
) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter();
    lines
        .filter_map(|value| value.to_str().ok())
        .flat_map(split)
}

/// The members of one line.
#[cfg(any(
    feature = "compression",
    feature = "decompression",
    feature = "page-cache",
    feature = "sessions",
    feature = "static-files"
))]
pub(crate) fn split(line: &str) -> impl Iterator<Item = &str> {
    parts(line, true)
}

/// The entity tags of one line: in them a backslash escapes nothing (RFC 9110 8.8.3).
#[cfg(feature = "conditional")]
pub(crate) fn tags(line: &str) -> impl Iterator<Item = &str> {
    parts(line, false)
}

#[cfg(any(
    feature = "compression",
    feature = "conditional",
    feature = "decompression",
    feature = "page-cache",
    feature = "sessions",
    feature = "static-files"
))]
fn parts(line: &str, escapes: bool) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    line.split(move |c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted && escapes => escaped = true,
            '"' => quoted = !quoted,
            ',' => return !quoted,
            _ => {}
        }
        false
    })
    .map(str::trim)
    .filter(|member| !member.is_empty())
}
