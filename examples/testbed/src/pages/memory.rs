//! Memory that is never given back.

use std::sync::{Mutex, PoisonError};

use rgi_core::{BoxBody, Environ, Method, StartResponse, StatusCode};

use crate::answer;
use crate::query::Query;
use crate::refusal::Refusal;

/// The most that one request adds, in bytes.
const LARGEST: u64 = 64 << 20;

/// The most that a process keeps, in bytes.
const MOST: usize = 1 << 30;

static KEPT: Mutex<Kept> = Mutex::new(Kept {
    blocks: Vec::new(),
    bytes: 0,
});

struct Kept {
    blocks: Vec<Vec<u8>>,
    bytes: usize,
}

/// Makes this process larger for as long as it lives, as an application that leaks does. A HEAD
/// changes nothing (RFC 9110 9.2.1).
pub(crate) fn grow(environ: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    let size = Query::of(&environ).number("size", 1 << 20, 1..=LARGEST)? as usize;
    if *environ.method() == Method::GET {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + size > MOST {
            let text = format!("this process keeps {} bytes, and no more", kept.bytes);
            return Err(Refusal::new(StatusCode::INSUFFICIENT_STORAGE, text));
        }
        kept.bytes += size;
        // Not zeros: the system hands out a page of those when it is written to, and no sooner.
        kept.blocks.push(vec![b'x'; size]);
    }
    Ok(answer::text(start_response, format!("{size} bytes more\n")).into())
}
