//! What a request is answered.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use http::{HeaderValue, Method, StatusCode};
use rgi_core::{Either, Environ, FileRegion, StartResponse, Started, field, media, percent_decode};

use super::open::{Found, Wait};
use super::{Answer, Settings, types};
use crate::conditional::{Conditions, Verdict};
use crate::fields;
use crate::range::{Asked, Part, set_accepted};

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// Codings with what stands at the end of their files' names.
const ENDINGS: [(&str, &[u8]); 3] = [("zstd", b".zst"), ("br", b".br"), ("gzip", b".gz")];

/// Answers; gives back the right to where that would have to wait.
pub(super) fn answer(
    settings: &Settings,
    environ: &Environ,
    start_response: StartResponse,
    wait: Wait,
) -> Result<Answer, StartResponse> {
    if !matches!(*environ.method(), Method::GET | Method::HEAD) {
        let started = start_response.start(StatusCode::METHOD_NOT_ALLOWED);
        let allowed = HeaderValue::from_static("GET, HEAD");
        return Ok(text(
            started.header(field::ALLOW, allowed),
            "Method Not Allowed\n",
        ));
    }
    match find(settings, environ, wait) {
        Ok(Target::File(file)) => Ok(send(settings, environ, start_response, file)),
        Ok(Target::Slash) => Ok(redirect(environ, start_response)),
        Ok(Target::Nothing) => Ok(not_found(start_response)),
        Ok(Target::Later) => Err(start_response),
        Err(error) => Ok(failed(start_response, error)),
    }
}

fn text(started: Started, text: &'static str) -> Answer {
    let started = started.header(field::CONTENT_TYPE, media::TEXT_PLAIN);
    Either::left(started.full(text))
}

fn not_found(start_response: StartResponse) -> Answer {
    text(start_response.start(StatusCode::NOT_FOUND), "Not Found\n")
}

/// What the system says is for the server's log.
fn failed(start_response: StartResponse, error: io::Error) -> Answer {
    let (_, fallback) = start_response.with_fallback();
    let started = fallback.start(StatusCode::INTERNAL_SERVER_ERROR, error.into());
    text(started, "Internal Server Error\n")
}

/// What is at a path. It lives for a moment, and in one place.
#[allow(clippy::large_enum_variant)]
enum Target {
    File(Chosen),
    /// A directory without a slash behind it.
    Slash,
    Nothing,
    Later,
}

struct Chosen {
    file: File,
    metadata: Metadata,
    media: HeaderValue,
    coding: Option<&'static str>,
}

fn find(settings: &Settings, environ: &Environ, wait: Wait) -> io::Result<Target> {
    let Some(mut path) = names(environ.path_info(), settings.hidden) else {
        return Ok(Target::Nothing);
    };
    let is_directory = matches!(environ.path_info().as_bytes(), [] | [.., b'/']);
    if is_directory {
        let Some(index) = &settings.index else {
            return Ok(Target::Nothing);
        };
        // The root of a mount without a slash: what is relative there would be beside it.
        if environ.path_info().is_empty() && !environ.script_name().is_empty() {
            return Ok(Target::Slash);
        }
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(index.as_bytes());
    }
    let (file, metadata) = match settings.root.find(&path, wait)? {
        Found::File(file, metadata) => (file, metadata),
        Found::Directory if !is_directory && settings.index.is_some() => return Ok(Target::Slash),
        Found::Directory | Found::Nothing => return Ok(Target::Nothing),
        Found::Later => return Ok(Target::Later),
    };
    let mut chosen = Chosen {
        file,
        metadata,
        media: types::of(&path, &settings.types),
        coding: None,
    };
    if settings.precompressed && !prefer_coded(settings, environ, &mut path, &mut chosen, wait)? {
        return Ok(Target::Later);
    }
    Ok(Target::File(chosen))
}

/// Takes the compressed file that the client wants most, of those there are. `false`: nobody knows
/// without waiting.
fn prefer_coded(
    settings: &Settings,
    environ: &Environ,
    path: &mut Vec<u8>,
    chosen: &mut Chosen,
    wait: Wait,
) -> io::Result<bool> {
    let mut weights = fields::coding_weights(environ.headers());
    let bare = path.len();
    loop {
        // Of equals the first.
        let at = (0..weights.len()).rev().max_by_key(|at| weights[*at]);
        let Some(at) = at.filter(|at| weights[*at] > 0) else {
            return Ok(true);
        };
        weights[at] = 0;
        let (coding, ending) = ENDINGS[at];
        path.truncate(bare);
        path.extend_from_slice(ending);
        match settings.root.find(path, wait)? {
            Found::File(file, metadata)
                if metadata.modified()? >= chosen.metadata.modified()? =>
            {
                chosen.file = file;
                chosen.metadata = metadata;
                chosen.coding = Some(coding);
                return Ok(true);
            }
            Found::Later => return Ok(false),
            _ => {}
        }
    }
}

/// The path below the root, decoded, without slashes at its ends; `None` where a segment is no plain
/// name.
fn names(raw: &str, hidden: bool) -> Option<Vec<u8>> {
    let mut path = Vec::with_capacity(raw.len());
    let raw = raw.strip_prefix('/').unwrap_or(raw);
    if raw.is_empty() {
        return Some(path);
    }
    let raw = raw.strip_suffix('/').unwrap_or(raw);
    for (at, segment) in raw.split('/').enumerate() {
        let name = percent_decode(segment);
        let is_plain = !matches!(&*name, b"" | b"." | b"..")
            && !name.contains(&b'/')
            && !name.contains(&0)
            && (hidden || name[0] != b'.' || (at == 0 && &*name == b".well-known"));
        if !is_plain {
            return None;
        }
        if at > 0 {
            path.push(b'/');
        }
        path.extend_from_slice(&name);
    }
    Some(path)
}

/// To the same path with a slash. It cannot name another host: no segment of it is empty.
fn redirect(environ: &Environ, start_response: StartResponse) -> Answer {
    let mut location = format!("{}{}/", environ.script_name(), environ.path_info());
    if let Some(query) = environ.query() {
        location.push('?');
        location.push_str(query);
    }
    match HeaderValue::try_from(location) {
        Ok(location) if !location.as_bytes().starts_with(b"//") => {
            let started = start_response.start(StatusCode::MOVED_PERMANENTLY);
            text(
                started.header(field::LOCATION, location),
                "Moved Permanently\n",
            )
        }
        _ => not_found(start_response),
    }
}

fn send(
    settings: &Settings,
    environ: &Environ,
    start_response: StartResponse,
    chosen: Chosen,
) -> Answer {
    let Chosen {
        file,
        metadata,
        media,
        coding,
    } = chosen;
    let length = metadata.len();
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    // A date to come is none to tell (RFC 9110 8.8.2.1), and one before 1970 none to write.
    let modified = modified.min(SystemTime::now()).max(SystemTime::UNIX_EPOCH);
    let tag = tag(&metadata, coding, settings.settled);
    let mut started = start_response.start(StatusCode::OK);
    let head = started.head_mut();
    head.append(field::ETAG, tag.clone());
    let date = HeaderValue::try_from(httpdate::fmt_http_date(modified));
    head.append(field::LAST_MODIFIED, date.expect("a date"));
    if let Some(value) = &settings.cache_control {
        head.append(field::CACHE_CONTROL, value.clone());
    }
    if settings.precompressed {
        fields::vary(head, "accept-encoding");
    }
    let verdict = Conditions::of(environ.headers())
        .map(|it| it.verdict(Some(tag.as_bytes()), Some(modified)));
    match verdict.unwrap_or(Verdict::Holds) {
        Verdict::Holds => {}
        Verdict::Unmodified => {
            head.status = StatusCode::NOT_MODIFIED;
            head.set_file(true);
            return Either::left(started.empty());
        }
        Verdict::Fails => {
            head.status = StatusCode::PRECONDITION_FAILED;
            fields::keep_from_caches(head);
            return text(started, "Precondition Failed\n");
        }
    }
    head.append(field::CONTENT_TYPE, media);
    head.append(field::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    if let Some(coding) = coding {
        head.append(field::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    set_accepted(head);
    let asked = match *environ.method() {
        Method::GET => Asked::of(environ.headers()),
        _ => None,
    };
    let range = match asked.map_or(Part::Whole, |asked| asked.choose(head, length)) {
        Part::Whole => 0..length,
        Part::Of(range) => range,
        Part::Nothing => return Either::left(started.empty()),
    };
    match FileRegion::new(file, range) {
        Ok(region) => Either::right(started.file(region)),
        // It has become shorter since it was opened.
        Err(error) => failed(started.recall(), error),
    }
}

/// A tag that differs between versions, also of one length and with a date that was set, since nobody can
/// set when a file was changed; and between codings.
///
/// It is strong once that lies behind (RFC 9110 8.8.1): until then another change could have the same time.
/// The weak one before is another, so that what it was given with is sent again.
fn tag(metadata: &Metadata, coding: Option<&str>, settled: Duration) -> HeaderValue {
    let modified = nanoseconds(metadata.mtime(), metadata.mtime_nsec());
    let changed = nanoseconds(metadata.ctime(), metadata.ctime_nsec());
    let settled = SystemTime::now() - settled;
    let settled = settled.duration_since(SystemTime::UNIX_EPOCH);
    let is_settled = settled.is_ok_and(|it| changed < it.as_nanos().cast_signed());
    let (weak, new) = match is_settled {
        true => ("", ""),
        false => ("W/", "-new"),
    };
    let length = metadata.len();
    let (dash, coding) = coding.map_or(("", ""), |coding| ("-", coding));
    let tag = format!("{weak}\"{modified:x}-{changed:x}-{length:x}{new}{dash}{coding}\"");
    HeaderValue::try_from(tag).expect("hexadecimal digits in quotes")
}

/// Of files of before 1970, too.
fn nanoseconds(seconds: i64, nanoseconds: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds)
}
