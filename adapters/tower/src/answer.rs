//! The commit machine's answer, as a response of `http`'s.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use rgi_core::server::{Commit, Framing, Host, Level, Payload, Response};
use rgi_core::{Body, End, FileRegion, rt};

/// The answer of an application, until its head is decided.
#[must_use = "a future does nothing until it is awaited"]
pub struct Answer<B: Body>(Option<Exchanged<B>>, Method);

impl<B: Body> Answer<B> {
    pub(crate) fn new(response: Response<B>, host: Arc<Host>, method: Method) -> Answer<B> {
        let exchanged = Exchanged {
            response: Box::pin(response),
            host,
            owes: false,
        };
        Answer(Some(exchanged), method)
    }
}

impl<B: Body> fmt::Debug for Answer<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer")
    }
}

impl<B: Body> Future for Answer<B> {
    type Output = Result<http::Response<ResponseBody<B>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(exchanged) = &mut this.0 else {
            return Poll::Pending;
        };
        let commit = ready!(exchanged.run(|response| response.poll_head(cx)));
        if let Some(error) = exchanged.response.error()
            && !error.is_disconnected()
        {
            let level = Level::of_failure(commit.head.status);
            let text = format_args!("{}: {error}", commit.head.status.as_u16());
            exchanged.host.log.log(level, text);
        }
        let Some(exchanged) = this.0.take() else {
            return Poll::Pending;
        };
        Poll::Ready(Ok(respond(commit, exchanged, &this.1)))
    }
}

fn respond<B: Body>(
    commit: Commit,
    exchanged: Exchanged<B>,
    method: &Method,
) -> http::Response<ResponseBody<B>> {
    let Commit { mut head, framing } = commit;
    let length = match framing {
        Framing::Length(length) => Some(length),
        // What it would be, of HEAD and 304.
        Framing::None if *method == Method::HEAD || head.status == StatusCode::NOT_MODIFIED => {
            head.length()
        }
        _ => None,
    };
    let body = ResponseBody {
        exchanged,
        length: match framing {
            Framing::Length(length) => Some(length),
            Framing::None => Some(0),
            _ => None,
        },
        file: None,
        ended: false,
    };
    let mut response = http::Response::new(body);
    *response.status_mut() = head.status;
    *response.headers_mut() = head.take_header_map();
    if let Some(length) = length {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// An exchange in a service's hands. Dropped it ends: well if all of the payload was taken, and lost
/// if not.
struct Exchanged<B: Body> {
    response: Pin<Box<Response<B>>>,
    host: Arc<Host>,
    /// Something was given out by the machine and not by the body.
    owes: bool,
}

impl<B: Body> Exchanged<B> {
    /// All that runs the application's code, its drops and hooks among it, runs here: on threads that
    /// may not wait, if the host does not say that they may.
    fn run<T>(&mut self, f: impl FnOnce(Pin<&mut Response<B>>) -> T) -> T {
        rt::parking(self.host.info.may_block, || f(self.response.as_mut()))
    }
}

impl<B: Body> Drop for Exchanged<B> {
    fn drop(&mut self) {
        let taken = self.response.is_end() && !self.owes;
        if taken || self.response.is_cut() {
            self.run(|response| response.finish(None));
            return;
        }
        if let Some(hang_up) = self.response.hang_up() {
            hang_up.now();
        }
        self.run(|response| response.finish(Some(End::Disconnected)));
    }
}

/// The response cannot be completed; what went wrong stands in the log.
#[derive(Debug)]
pub struct CutOff(());

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response cannot be completed")
    }
}

impl std::error::Error for CutOff {}

/// Bytes read of a file at a time.
const FILE_CHUNK: usize = 64 * 1024;

/// The payload of an application's response: block by block, as it is asked for, then the trailers.
///
/// Parts of files are read where the body is polled, in blocks of 64 KiB.
pub struct ResponseBody<B: Body> {
    exchanged: Exchanged<B>,
    /// What is left of what was promised.
    length: Option<u64>,
    file: Option<Box<FileRegion>>,
    ended: bool,
}

impl<B: Body> fmt::Debug for ResponseBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl<B: Body> ResponseBody<B> {
    fn give(&mut self, data: Bytes) -> Frame<Bytes> {
        if let Some(length) = &mut self.length {
            *length = length.saturating_sub(data.len() as u64);
        }
        self.exchanged.owes = self.file.is_some();
        Frame::data(data)
    }

    fn cut(&mut self) -> CutOff {
        self.ended = true;
        let error = self.exchanged.response.error();
        if let Some(error) = error.filter(|error| !error.is_disconnected()) {
            let text = format_args!("cut: {error}");
            self.exchanged.host.log.log(Level::of_cut(error), text);
        }
        CutOff(())
    }
}

impl<B: Body> HttpBody for ResponseBody<B> {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        loop {
            if let Some(region) = &mut this.file {
                match region.next_chunk(FILE_CHUNK) {
                    Ok(Some(chunk)) => {
                        if region.is_empty() {
                            this.file = None;
                        }
                        return Poll::Ready(Some(Ok(this.give(chunk))));
                    }
                    Ok(None) => this.file = None,
                    Err(error) => {
                        this.exchanged.run(|response| response.fail(error.into()));
                        return Poll::Ready(Some(Err(this.cut())));
                    }
                }
                this.exchanged.owes = false;
            }
            match ready!(this.exchanged.run(|response| response.poll_payload(cx))) {
                None => {
                    this.ended = true;
                    return Poll::Ready(None);
                }
                Some(Ok(Payload::Data(data))) => return Poll::Ready(Some(Ok(this.give(data)))),
                Some(Ok(Payload::File(region))) => {
                    this.exchanged.owes = true;
                    this.file = Some(region);
                }
                Some(Ok(Payload::Trailers(trailers))) => {
                    this.ended = true;
                    return Poll::Ready(Some(Ok(Frame::trailers(*trailers))));
                }
                // A service has no way to flush, and offers no switch.
                Some(Ok(Payload::Flush | Payload::Upgrade(_))) => {}
                Some(Err(_)) => return Poll::Ready(Some(Err(this.cut()))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.exchanged.response.is_end() && self.file.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}
