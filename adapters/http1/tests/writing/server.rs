//! A server without a socket: requests and applications in, an output's bytes out.

use std::collections::VecDeque;
use std::io::{IoSlice, Write};
use std::os::unix::fs::FileExt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use rgi_core::rt::ThreadClock;
use rgi_core::server::{Commit, Exchange, Host, Payload, RequestHead, ServerInfo};
use rgi_core::{
    App, Bytes, Environ, Error, Event, FileRegion, HeaderValue, Input, Method, StartResponse,
    Started, Stream, app_fn,
};
use rgi_http1::{HeadReader, Limits, Output, Stamp, Turn};

/// What `stamp` says.
pub(crate) const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const SECOND: u64 = 784_111_777;

/// A stamp of a known time, by the server `rgi`.
pub(crate) fn stamp() -> Stamp {
    let mut stamp = Stamp::new("rgi");
    stamp.tick(SystemTime::UNIX_EPOCH + Duration::from_secs(SECOND));
    stamp
}

/// A region of a file that has bytes before it and behind it.
pub(crate) fn region(bytes: &[u8]) -> Box<FileRegion> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&[b"before", bytes, b"behind"].concat())
        .unwrap();
    let end = 6 + bytes.len() as u64;
    Box::new(FileRegion::new(file, 6..end).unwrap())
}

/// A body of these events, which says nothing of its length beforehand.
pub(crate) struct Events(pub(crate) VecDeque<Event>);

impl Events {
    pub(crate) fn new(started: Started, rest: impl IntoIterator<Item = Event>) -> Events {
        Events([Event::Start(started)].into_iter().chain(rest).collect())
    }

    /// A body of these blocks.
    pub(crate) fn blocks(started: Started, blocks: &[&'static str]) -> Events {
        let data = |block: &&'static str| Event::Data(Bytes::from_static(block.as_bytes()));
        Events::new(started, blocks.iter().map(data))
    }
}

impl Stream for Events {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

/// The turn of a request.
pub(crate) fn turn(request: &str) -> Turn {
    let head = HeadReader::default()
        .read(request.as_bytes(), &Limits::default(), &mut Vec::new())
        .unwrap()
        .unwrap();
    Turn::new(&head)
}

/// Answers `request` with `app` into `output`, through `turn`.
pub(crate) fn answer<A: App>(request: &str, app: &A, turn: &mut Turn, output: &mut Output) {
    drive(request, app, |commit, next| {
        turn.head(commit, &stamp(), output);
        while let Some(payload) = next() {
            match payload {
                Payload::Data(data) => turn.data(data, output),
                Payload::File(region) => turn.file(region, output),
                Payload::Trailers(trailers) => turn.end(Some(&trailers), output),
                Payload::Upgrade(_) => return,
                Payload::Flush => {}
            }
        }
        turn.end(None, output);
    });
}

/// Gives `take` the head of the answer, and a way to its payload.
pub(crate) fn drive<A: App, T>(
    request: &str,
    app: &A,
    take: impl FnOnce(&mut Commit, &mut dyn FnMut() -> Option<Payload>) -> T,
) -> T {
    let raw = request.as_bytes();
    let mut fields = Vec::new();
    let head = HeadReader::default()
        .read(raw, &Limits::default(), &mut fields)
        .unwrap()
        .unwrap();
    let mut core = RequestHead::new();
    core.fill(raw, &mut fields);
    core.line(
        head.method.clone(),
        head.version,
        head.target,
        head.path,
        head.query,
    );
    let host = Host::new(ServerInfo::default(), Arc::new(ThreadClock::new()));
    let mut exchange = Exchange::new(core, Input::empty(), Arc::new(host), Arc::default());
    if head.method == Method::CONNECT {
        exchange = exchange.offer(None);
    } else if let Some(protocols) = head.upgrade {
        let value = HeaderValue::from_bytes(protocols.of(raw)).unwrap();
        exchange = exchange.offer(Some(value));
    }
    let mut response = pin!(exchange.call(app));
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(mut commit) = response.as_mut().poll_head(&mut cx) else {
        panic!("these applications do not wait");
    };
    let mut next = || match response.as_mut().poll_payload(&mut cx) {
        Poll::Ready(payload) => payload.map(|payload| payload.expect("no cut")),
        Poll::Pending => panic!("these applications do not wait"),
    };
    take(&mut commit, &mut next)
}

/// The bytes of the answer to one request, and whether the connection lives on.
pub(crate) fn wire<F>(request: &str, app: F) -> (String, bool)
where
    F: Fn(StartResponse) -> Events,
{
    let mut output = Output::new();
    let mut turn = turn(request);
    let app = app_fn(|_: Environ, start_response: StartResponse| app(start_response));
    answer(request, &app, &mut turn, &mut output);
    (text(&mut output), turn.keep_alive())
}

/// All that is in an output, as text.
pub(crate) fn text(output: &mut Output) -> String {
    String::from_utf8(drain(output, &[usize::MAX])).unwrap()
}

/// Takes everything out, in steps of these sizes (at least 1), over and over.
pub(crate) fn drain(output: &mut Output, steps: &[usize]) -> Vec<u8> {
    let mut wire = Vec::new();
    for &step in steps.iter().cycle() {
        if output.is_empty() {
            break;
        }
        send(output, step, &mut wire);
    }
    wire
}

/// Sends `step` bytes at most, but some, as a server does.
pub(crate) fn send(output: &mut Output, step: usize, wire: &mut Vec<u8>) {
    let before = (output.len(), wire.len());
    if let Some(region) = output.file() {
        let len = step.min(region.len() as usize);
        let mut bytes = vec![0; len];
        let at = region.range().start;
        region.file().read_exact_at(&mut bytes, at).unwrap();
        wire.append(&mut bytes);
        output.file_sent(len as u64);
    } else if let Some(bytes) = output.single().filter(|_| !step.is_multiple_of(3)) {
        assert_eq!(bytes.len() as u64, output.len());
        let len = step.min(bytes.len());
        wire.extend_from_slice(&bytes[..len]);
        output.advance(len);
    } else {
        let mut slices = [IoSlice::new(&[]); 4];
        let n = output.slices(&mut slices[..1 + step % 4]);
        assert!(n > 0, "no slices, and not empty");
        let mut left = step;
        for slice in &slices[..n] {
            assert!(!slice.is_empty());
            let len = left.min(slice.len());
            wire.extend_from_slice(&slice[..len]);
            left -= len;
        }
        output.advance(step - left);
    }
    let sent = wire.len() - before.1;
    assert!(sent > 0);
    assert_eq!(output.len(), before.0 - sent as u64);
}
