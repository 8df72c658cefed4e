//! A real file, and parts of it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rgi_core::{
    App, BodyExt, BoxBody, Environ, Error, FileBody, FileRegion, HeaderValue, StartResponse,
    StatusCode, blocking, field, media,
};

use crate::query::Query;
use crate::range::Range;
use crate::refusal::Refusal;

/// The largest file, in bytes.
const LARGEST: u64 = 64 << 20;

/// The first `size` bytes of the file, or the part of them that the request names.
pub(crate) fn file(environ: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    let size = Query::of(&environ).number("size", 64 << 10, 0..=LARGEST)?;
    let range = Range::of(&environ, size);
    if range == Range::Unsatisfiable {
        let text = format!("the file has {size} bytes, and the range lies outside");
        return Err(Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, text)
            .with(field::CONTENT_RANGE, content_range("*", size)));
    }
    if let Some(content) = CONTENT.get().filter(|content| content.holds(size)) {
        let body = part(content, size, &range, start_response);
        return Ok(BoxBody::future(async { body }));
    }
    // Writing waits for the disk.
    let app = blocking(move |_, start_response| {
        part(Content::up_to(size)?, size, &range, start_response)
    });
    Ok(app.call(environ, start_response).erased())
}

fn part(
    content: &Content,
    size: u64,
    range: &Range,
    start_response: StartResponse,
) -> Result<FileBody, Error> {
    let (started, bytes) = match range {
        Range::Part(bytes) => {
            let said = format!("{}-{}", bytes.start, bytes.end - 1);
            let started = start_response
                .start(StatusCode::PARTIAL_CONTENT)
                .header(field::CONTENT_RANGE, content_range(&said, size));
            (started, bytes.clone())
        }
        _ => (start_response.start(StatusCode::OK), 0..size),
    };
    let region = FileRegion::new(content.file.try_clone()?, bytes)?;
    Ok(started
        .header(field::CONTENT_TYPE, media::OCTET_STREAM)
        .header(field::ACCEPT_RANGES, HeaderValue::from_static("bytes"))
        .file(region))
}

/// RFC 9110 14.4
fn content_range(said: &str, size: u64) -> HeaderValue {
    let value = format!("bytes {said}/{size}");
    HeaderValue::try_from(value).expect("letters, digits and marks")
}

/// The file: temporary, without a name, and as long as the longest that was asked for. Its byte `n`
/// is `n % 251`: a prime, so that no block can pass for the one beside it.
struct Content {
    file: File,
    /// Bytes that are there.
    length: AtomicU64,
    growing: Mutex<()>,
}

/// Made on first use, and gone with the process.
static CONTENT: OnceLock<Content> = OnceLock::new();

/// Bytes written at a time.
const BLOCK: usize = 251 * 256;

impl Content {
    /// The file with at least `size` bytes. Blocks.
    fn up_to(size: u64) -> io::Result<&'static Content> {
        let content = match CONTENT.get() {
            Some(content) => content,
            None => {
                let file = tempfile::tempfile()?;
                CONTENT.get_or_init(|| Content {
                    file,
                    length: AtomicU64::new(0),
                    growing: Mutex::new(()),
                })
            }
        };
        content.grow(size)?;
        Ok(content)
    }

    fn holds(&self, size: u64) -> bool {
        self.length.load(Ordering::Acquire) >= size
    }

    /// Adds whole blocks. Readers look no further than what was written when they began.
    fn grow(&self, size: u64) -> io::Result<()> {
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let block: Vec<u8> = (0..=250).cycle().take(BLOCK).collect();
        while !self.holds(size) {
            let end = self.length.load(Ordering::Acquire);
            self.file.write_all_at(&block, end)?;
            self.length.store(end + BLOCK as u64, Ordering::Release);
        }
        Ok(())
    }
}
