//! Reading and writing header fields, as several middlewares need it.

#[cfg(any(feature = "compression", feature = "static-files"))]
mod accept;
#[cfg(any(
    feature = "compression",
    feature = "conditional",
    feature = "cookies",
    feature = "static-files"
))]
mod head;

#[cfg(feature = "compression")]
pub(crate) use accept::CODINGS;
#[cfg(any(feature = "compression", feature = "static-files"))]
pub(crate) use accept::coding_weights;
#[cfg(feature = "compression")]
pub(crate) use head::has;
#[cfg(feature = "conditional")]
pub(crate) use head::keep_from_caches;
#[cfg(any(feature = "compression", feature = "cookies", feature = "static-files"))]
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
    feature = "cookies",
    feature = "decompression",
    feature = "page-cache",
    feature = "static-files"
))]
pub(crate) fn split(line: &str) -> impl Iterator<Item = &str> {
    line.split(separator(true))
        .map(str::trim)
        .filter(|member| !member.is_empty())
}

/// The entity tags of one line: in them a backslash escapes nothing, and there may be bytes that are no
/// ASCII (RFC 9110 8.8.3).
#[cfg(any(feature = "compression", feature = "conditional"))]
pub(crate) fn tags(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut separates = separator(false);
    line.split(move |byte| separates(char::from(*byte)))
        .map(<[u8]>::trim_ascii)
        .filter(|tag| !tag.is_empty())
}

/// Tells commas between members from those inside quotes.
#[cfg(any(
    feature = "compression",
    feature = "conditional",
    feature = "cookies",
    feature = "decompression",
    feature = "page-cache",
    feature = "static-files"
))]
fn separator(escapes: bool) -> impl FnMut(char) -> bool {
    let (mut quoted, mut escaped) = (false, false);
    move |c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted && escapes => escaped = true,
            '"' => quoted = !quoted,
            ',' => return !quoted,
            _ => {}
        }
        false
    }
}
