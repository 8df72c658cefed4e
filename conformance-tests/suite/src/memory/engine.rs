//! The engine of HTTP/1.1 on a pipe: one thread a connection, blocking reads and writes.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use rgi_core::rt::ThreadClock;
use rgi_core::server::{
    Address, Config, Connection, Exchange, Host, Informer, InputSource, Level, Log, Payload,
    RequestHead, ServerInfo, Transport,
};
use rgi_core::{App, BoxApp, End as Ending, Error, HeaderValue, Input, Stream};
use rgi_http1::{BodyReader, CONTINUE, Decoded, FieldSpan, HeadReader, Output, Stamp, Turn};

use super::pipe::End;

/// Serves an application on pipes.
pub(super) struct Worker {
    app: BoxApp,
    host: Arc<Host>,
    config: Config,
    clock: ThreadClock,
}

/// What is open behind a request.
enum Next {
    Request,
    Close,
}

/// A body that nobody read is skipped up to here; behind a longer one the connection ends.
const SKIPPED: usize = 64 * 1024;

impl Worker {
    pub(super) fn new(app: BoxApp, config: Config) -> Worker {
        let clock = ThreadClock::new();
        let mut info = ServerInfo::default();
        info.software = concat!("rgi-conformance/", env!("CARGO_PKG_VERSION"));
        info.multithread = true;
        info.may_block = true;
        info.informational = true;
        info.trailers = true;
        info.upgrade = true;
        info.lazy_continue = true;
        Worker {
            app,
            host: Arc::new(config.host(info, Arc::new(clock.clone()))),
            config,
            clock,
        }
    }

    /// Serves one connection to its end.
    pub(super) fn serve(&self, end: &Arc<End>) {
        let mut line = Line::new(end.clone(), &self.config);
        // What fails on the connection ends it: the client sees as much.
        while let Ok(Next::Request) = self.turn(&mut line) {}
    }

    /// One request and its answer.
    fn turn(&self, line: &mut Line) -> io::Result<Next> {
        let limits = &self.config.limits;
        let head = loop {
            match line.reader.read(&line.buf, limits, &mut line.fields) {
                Ok(Some(head)) => break head,
                Err(refusal) => return line.refuse(refusal.status()),
                Ok(None) => {}
            }
            let begun = line.reader.started(&line.buf);
            let patience = match begun {
                true => self.config.header_timeout,
                false => self.config.keep_alive,
            };
            match line.fill(patience) {
                Ok(0) => return Ok(Next::Close),
                Err(error) if begun && error.kind() == io::ErrorKind::TimedOut => {
                    return line.refuse(StatusCode::REQUEST_TIMEOUT);
                }
                read => read?,
            };
        };
        let raw = line.buf.split_to(head.len);
        let mut request = RequestHead::new();
        request.fill(&raw, &mut line.fields);
        request.line(
            head.method.clone(),
            head.version,
            head.target,
            head.path,
            head.query,
        );
        let reader = BodyReader::new(head.framing, limits);
        let length = reader.remaining();
        let incoming = Arc::new(Mutex::new(Incoming {
            end: line.end.clone(),
            reader,
            // Who sends its body unasked needs not be told to (RFC 9110 10.1.1).
            expects: head.expect_continue && line.buf.is_empty(),
            failed: false,
            buf: std::mem::take(&mut line.buf),
            patience: self.config.body_timeout,
        }));
        let input = match head.framing.has_body() {
            false => None,
            true => {
                let source = Source(incoming.clone());
                Some(Input::source(source, length).limit(limits.longest_body()))
            }
        };
        let mut exchange =
            Exchange::new(request, input, self.host.clone(), line.connection.clone());
        let mut turn = Turn::new(&head);
        let hints = Arc::new(Hints {
            end: line.end.clone(),
            open: AtomicBool::new(turn.takes_interim()),
        });
        exchange = exchange.informer(hints.clone());
        if head.method == Method::CONNECT {
            exchange = exchange.offer(None);
        } else if let Some(protocols) = head.upgrade
            && let Ok(value) = HeaderValue::from_bytes(protocols.of(&raw))
        {
            exchange = exchange.offer(Some(value));
        }
        let answered = self.clock.block_on(answer(
            &*self.app, exchange, &mut turn, line, &hints, &incoming,
        ));
        answered?;
        let mut incoming = lock(&incoming);
        if !turn.keep_alive() || !incoming.skip() {
            return Ok(Next::Close);
        }
        line.buf = std::mem::take(&mut incoming.buf);
        Ok(Next::Request)
    }
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Worker")
    }
}

/// Calls the application, and writes what its body gives.
async fn answer<A: App + ?Sized>(
    app: &A,
    exchange: Exchange,
    turn: &mut Turn,
    line: &mut Line,
    hints: &Hints,
    incoming: &Arc<Mutex<Incoming>>,
) -> io::Result<()> {
    let mut response = pin!(exchange.call(app));
    let commit = poll_fn(|cx| response.as_mut().poll_head(cx)).await;
    hints.open.store(false, Ordering::Release);
    // A peer that is gone gets silence.
    if response.error().is_some_and(Error::is_disconnected) {
        response.as_mut().finish(Some(Ending::Disconnected));
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    if let Some(error) = response.error() {
        line.log(Level::of_failure(commit.head.status), &error.to_string());
    }
    {
        let mut incoming = lock(incoming);
        let left = incoming.reader.remaining();
        let is_skipped = left.is_none_or(|left| left <= SKIPPED as u64);
        // Nobody knows whether the body will come, or where it ends.
        if std::mem::take(&mut incoming.expects) || incoming.failed || !is_skipped {
            turn.close();
        }
    }
    turn.head(&commit, &line.stamp, &mut line.output);
    let mut written = line.flush();
    let end = loop {
        if let Err(error) = &written {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                break Some(Ending::Truncated);
            }
            if let Some(hang_up) = response.hang_up() {
                hang_up.now();
            }
            poll_fn(|cx| response.as_mut().poll_drain(cx)).await;
            break Some(Ending::Disconnected);
        }
        match poll_fn(|cx| response.as_mut().poll_payload(cx)).await {
            None => {
                turn.end(None, &mut line.output);
                written = line.flush();
                break written.is_err().then_some(Ending::Disconnected);
            }
            Some(Err(_)) => {
                let error = response.error().map(ToString::to_string);
                line.log(Level::Error, &format!("cut: {}", error.unwrap_or_default()));
                line.end.reset();
                written = Err(io::ErrorKind::ConnectionReset.into());
                break None;
            }
            Some(Ok(Payload::Data(data))) => turn.data(data, &mut line.output),
            Some(Ok(Payload::File(region))) => turn.file(region, &mut line.output),
            Some(Ok(Payload::Trailers(trailers))) => turn.end(Some(&trailers), &mut line.output),
            Some(Ok(Payload::Flush)) => {}
            Some(Ok(Payload::Upgrade(demand))) => demand.fulfil(Switched {
                end: line.end.clone(),
                behind: std::mem::take(&mut lock(incoming).buf),
            }),
        }
        written = line.flush();
    };
    response.as_mut().finish(end);
    written
}

/// One connection's reading and writing.
struct Line {
    end: Arc<End>,
    buf: BytesMut,
    reader: HeadReader,
    fields: Vec<FieldSpan>,
    stamp: Stamp,
    output: Output,
    /// For a client that takes nothing.
    patience: Option<Duration>,
    log: Arc<dyn Log>,
    connection: Arc<Connection>,
}

impl Line {
    fn new(end: Arc<End>, config: &Config) -> Line {
        Line {
            end,
            buf: BytesMut::new(),
            reader: HeadReader::default(),
            fields: Vec::new(),
            stamp: Stamp::new(""),
            output: Output::new(),
            patience: config.write_timeout,
            log: config.log.clone(),
            // A pipe is most like a Unix socket without a name.
            connection: Arc::new(Connection {
                peer: Address::Unix(None),
                local: Address::Unix(None),
                tls: None,
            }),
        }
    }

    fn fill(&mut self, patience: Option<Duration>) -> io::Result<usize> {
        fill(&self.end, &mut self.buf, patience)
    }

    fn refuse(&mut self, status: StatusCode) -> io::Result<Next> {
        rgi_http1::refuse(status, &self.stamp, &mut self.output);
        self.flush()?;
        Ok(Next::Close)
    }

    fn log(&self, level: Level, line: &str) {
        self.log.log(level, format_args!("{line}"));
    }

    /// Writes all there is.
    fn flush(&mut self) -> io::Result<()> {
        while !self.output.is_empty() {
            let sent = match self.output.file() {
                Some(region) => {
                    let mut chunk = [0; 16 * 1024];
                    let most = region.len().min(chunk.len() as u64) as usize;
                    let n = region
                        .file()
                        .read_at(&mut chunk[..most], region.range().start)?;
                    if n == 0 {
                        // The file has become shorter than was promised.
                        self.end.reset();
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    self.end.write_all(&chunk[..n], self.patience)?;
                    self.output.file_sent(n as u64);
                    continue;
                }
                None => {
                    let mut slices = [IoSlice::new(&[]); 4];
                    let n = self.output.slices(&mut slices);
                    for slice in &slices[..n] {
                        self.end.write_all(slice, self.patience)?;
                    }
                    slices[..n].iter().map(|slice| slice.len()).sum()
                }
            };
            self.output.advance(sent);
        }
        Ok(())
    }
}

fn fill(end: &End, buf: &mut BytesMut, patience: Option<Duration>) -> io::Result<usize> {
    let mut chunk = [0; 16 * 1024];
    let n = end.read(&mut chunk, patience)?;
    buf.extend_from_slice(&chunk[..n]);
    Ok(n)
}

/// A request's body on its way.
struct Incoming {
    end: Arc<End>,
    buf: BytesMut,
    reader: BodyReader,
    /// The client waits for `100 Continue`.
    expects: bool,
    failed: bool,
    patience: Option<Duration>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Incoming {
    fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let next = self.read();
        self.failed |= next.is_err();
        next
    }

    fn read(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            match self.reader.decode(&mut self.buf) {
                Ok(Decoded::Data(data)) => return Ok(Some(data)),
                Ok(Decoded::End) => return Ok(None),
                Ok(Decoded::NeedMore) => {}
                Err(refusal) => {
                    return Err(Error::malformed(refusal.reason()).with_status(refusal.status()));
                }
            }
            if std::mem::take(&mut self.expects) {
                let _ = self.end.write_all(CONTINUE, None);
            }
            match fill(&self.end, &mut self.buf, self.patience) {
                Ok(0) => return Err(Error::disconnected()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    let late = Error::malformed("the body took too long");
                    return Err(late.with_status(StatusCode::REQUEST_TIMEOUT));
                }
                Err(_) => return Err(Error::disconnected()),
            }
        }
    }

    /// Passes over what nobody read; whether the next request can be found behind it.
    fn skip(&mut self) -> bool {
        let mut skipped = 0;
        loop {
            match self.next() {
                Ok(None) => return true,
                Ok(Some(data)) if skipped + data.len() <= SKIPPED => skipped += data.len(),
                Ok(Some(_)) | Err(_) => return false,
            }
        }
    }
}

struct Source(Arc<Mutex<Incoming>>);

impl Stream for Source {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(lock(&self.0).next().transpose())
    }
}

impl InputSource for Source {
    fn trailers(self: Pin<&mut Self>) -> Option<Box<HeaderMap>> {
        lock(&self.0).reader.take_trailers().map(Box::new)
    }
}

/// Interim responses, up to the head.
struct Hints {
    end: Arc<End>,
    open: AtomicBool,
}

impl Informer for Hints {
    fn inform(&self, status: StatusCode, headers: &HeaderMap) {
        if self.open.load(Ordering::Acquire) {
            let mut bytes = Vec::new();
            rgi_http1::interim(status, headers, &mut bytes);
            let _ = self.end.write_all(&bytes, None);
        }
    }
}

/// The connection behind a switch of protocols.
struct Switched {
    end: Arc<End>,
    behind: BytesMut,
}

impl Transport for Switched {
    fn poll_read(&mut self, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.behind.is_empty() {
            return Poll::Ready(self.end.read(buf, None));
        }
        let n = buf.len().min(self.behind.len());
        buf[..n].copy_from_slice(&self.behind.split_to(n));
        Poll::Ready(Ok(n))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.end.write_all(buf, None).map(|()| buf.len()))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end.end();
        Poll::Ready(Ok(()))
    }
}
