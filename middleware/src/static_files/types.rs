//! Media types by the endings of names.

use std::collections::HashMap;

use http::HeaderValue;
use rgi_core::media;

/// The type of a file, by its name; `given` are the deployer's.
pub(super) fn of(path: &[u8], given: &HashMap<String, HeaderValue>) -> HeaderValue {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    let ending = name.iter().rposition(|byte| *byte == b'.');
    let ending = ending.and_then(|dot| std::str::from_utf8(&name[dot + 1..]).ok());
    let Some(ending) = ending.map(str::to_ascii_lowercase) else {
        return media::OCTET_STREAM;
    };
    given
        .get(&ending)
        .cloned()
        .unwrap_or_else(|| known(&ending))
}

fn known(ending: &str) -> HeaderValue {
    let found = TYPES.binary_search_by(|(known, _)| (*known).cmp(ending));
    found.map_or(media::OCTET_STREAM, |at| {
        HeaderValue::from_static(TYPES[at].1)
    })
}

/// Sorted by their endings. Text is UTF-8.
const TYPES: &[(&str, &str)] = &[
    ("7z", "application/x-7z-compressed"),
    ("aac", "audio/aac"),
    ("apng", "image/apng"),
    ("atom", "application/atom+xml"),
    ("avif", "image/avif"),
    ("bin", "application/octet-stream"),
    ("bmp", "image/bmp"),
    ("bz2", "application/x-bzip2"),
    ("css", "text/css; charset=utf-8"),
    ("csv", "text/csv; charset=utf-8"),
    ("epub", "application/epub+zip"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("htm", "text/html; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("ico", "image/vnd.microsoft.icon"),
    ("ics", "text/calendar; charset=utf-8"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("jsonld", "application/ld+json"),
    ("jxl", "image/jxl"),
    ("m4a", "audio/mp4"),
    ("map", "application/json"),
    ("md", "text/markdown; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("ogv", "video/ogg"),
    ("opus", "audio/ogg"),
    ("otf", "font/otf"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("rss", "application/rss+xml"),
    ("rtf", "application/rtf"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("toml", "application/toml"),
    ("ts", "video/mp2t"),
    ("ttf", "font/ttf"),
    ("txt", "text/plain; charset=utf-8"),
    ("vtt", "text/vtt; charset=utf-8"),
    ("wasm", "application/wasm"),
    ("wav", "audio/wav"),
    ("weba", "audio/webm"),
    ("webm", "video/webm"),
    ("webmanifest", "application/manifest+json"),
    ("webp", "image/webp"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("xhtml", "application/xhtml+xml"),
    ("xml", "application/xml"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("zip", "application/zip"),
    ("zst", "application/zstd"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_sorted_and_found() {
        assert!(TYPES.is_sorted_by(|a, b| a.0 < b.0));
        let of = |path: &str| of(path.as_bytes(), &HashMap::new());
        assert_eq!(of("a/b.HTML"), "text/html; charset=utf-8");
        assert_eq!(of("a.html/b"), "application/octet-stream");
        assert_eq!(of("a.unheard"), "application/octet-stream");
        assert_eq!(of("7z"), "application/octet-stream");
    }
}
