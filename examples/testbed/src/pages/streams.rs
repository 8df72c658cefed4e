//! Bodies of many blocks.

use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rgi_core::{
    BodyExt, BoxBody, Bytes, Environ, Error, HeaderValue, Sleep, StartResponse, StatusCode, Stream,
    Timer, field, media,
};

use crate::answer;
use crate::query::Query;
use crate::refusal::Refusal;

/// The most blocks of a body.
const MOST: u64 = 100_000;

/// The largest block, in bytes.
const LARGEST: u64 = 1 << 20;

/// `chunks` blocks of `size` bytes, `delay_ms` apart.
pub(crate) fn stream(environ: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    let query = Query::of(&environ);
    let (chunks, block) = blocks(&query)?;
    let delay = query.millis("delay_ms", 0)?;
    let paced = Paced::new(environ.timer(), delay, chunks, move |_| block.clone());
    Ok(answer::bytes(start_response).stream(paced).erased())
}

/// `count` server-sent events, `delay_ms` apart.
pub(crate) fn events(environ: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    let query = Query::of(&environ);
    let count = query.number("count", 10, 0..=MOST)?;
    let delay = query.millis("delay_ms", 100)?;
    let paced = Paced::new(environ.timer(), delay, count, |n| {
        format!("id: {n}\ndata: event {n}\n\n").into()
    });
    let started = start_response
        .start(StatusCode::OK)
        .header(field::CONTENT_TYPE, media::EVENT_STREAM)
        .header(field::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(started.stream(paced).erased())
}

/// `chunks` blocks of `size` bytes, written by an async closure instead of a type of its own.
pub(crate) fn push(environ: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    let (chunks, block) = blocks(&Query::of(&environ))?;
    let body = answer::bytes(start_response).push(async move |mut writer| {
        for _ in 0..chunks {
            writer.write(block.clone()).await?;
        }
        Ok(())
    });
    Ok(body.erased())
}

/// How many blocks, and the one that is sent each time.
fn blocks(query: &Query<'_>) -> Result<(u64, Bytes), Refusal> {
    let chunks = query.number("chunks", 10, 0..=MOST)?;
    let size = query.number("size", 1024, 1..=LARGEST)?;
    Ok((chunks, LETTERS.slice(..size as usize)))
}

/// The largest block, of which all are parts: the letters over and over.
static LETTERS: LazyLock<Bytes> = LazyLock::new(|| {
    let letters = (b'a'..=b'z').cycle();
    letters.take(LARGEST as usize).collect()
});

/// Blocks in the server's time: each is made when it is asked for, and no sooner than `delay` after
/// the one before.
struct Paced<F> {
    timer: Timer,
    delay: Duration,
    /// Before the next block.
    pause: Option<Sleep>,
    made: u64,
    count: u64,
    make: F,
}

impl<F: FnMut(u64) -> Bytes> Paced<F> {
    fn new(timer: Timer, delay: Duration, count: u64, make: F) -> Paced<F> {
        Paced {
            timer,
            delay,
            pause: None,
            made: 0,
            count,
            make,
        }
    }
}

// Nothing in it is pinned: `Sleep` has its future in a box.
impl<F> Unpin for Paced<F> {}

impl<F: FnMut(u64) -> Bytes> Stream for Paced<F> {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.made == this.count {
            return Poll::Ready(None);
        }
        if let Some(pause) = &mut this.pause {
            ready!(Pin::new(pause).poll(cx));
            this.pause = None;
        }
        let block = (this.make)(this.made);
        this.made += 1;
        if this.made < this.count && !this.delay.is_zero() {
            this.pause = Some(this.timer.sleep(this.delay));
        }
        Poll::Ready(Some(Ok(block)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.count - self.made) as usize;
        (left, Some(left))
    }
}
