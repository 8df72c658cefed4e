//! Writes a line for each request.
//!
//! The runner, `rgi-serve`, has it around all of a program (`--access-log`); this one is for a part of
//! it, for lines that go elsewhere than to a file, and for programs that are served otherwise.
//!
//! ```
//! use std::sync::mpsc;
//! use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::AccessLog;
//!
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("hi")
//! }
//!
//! let (lines, log) = mpsc::channel();
//! let access_log = AccessLog::combined(move |line: &[u8]| {
//!     let _ = lines.send(String::from_utf8_lossy(line).into_owned());
//! });
//! let client = testing::Client::new(app_fn(hello).with(access_log));
//! client.get("/a?b").header("user-agent", "doc").send();
//! let line = log.recv().expect("a line");
//! assert!(line.contains("\"GET /a?b HTTP/1.1\" 200 2 \"-\" \"doc\" outcome=sent "), "{line}");
//! ```

mod combined;
mod date;
mod draft;
mod format;
mod json;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;
use std::process;
use std::sync::{Arc, OnceLock};

use rgi_core::{App, Environ, Middleware, StartResponse};

use crate::observed::{HeadTime, ObservedBody};
pub use date::Date;
use draft::Draft;
use format::Format;

/// Writes a line for each request that the application is called with, when its exchange is over: what
/// was asked by whom, what was answered, and how it ended.
///
/// What a line tells is what the server saw, whatever stands around this middleware. It is written
/// behind the hooks of the application. What a client sends is escaped, and cut where it is long: a line
/// has at most 4096 bytes, its end included.
pub struct AccessLog<W> {
    format: Format,
    lines: Arc<W>,
}

/// Where lines go: any `Fn(&[u8])`, or a type with a name.
pub trait WriteLine: Send + Sync + 'static {
    /// Writes a line, its end included. Called on the thread that serves the request, which it holds up.
    fn write_line(&self, line: &[u8]);
}

impl<F: Fn(&[u8]) + Send + Sync + 'static> WriteLine for F {
    fn write_line(&self, line: &[u8]) {
        self(line);
    }
}

impl<W: WriteLine> AccessLog<W> {
    /// Apache's combined format, which nginx writes too, in UTC, and behind it `outcome=`, `duration_ms=` and
    /// `head_ms=` with what [`json`](Self::json) says there. No bytes are `-`, and so is what there is not:
    /// the status where the client left before there was one.
    pub fn combined(lines: W) -> AccessLog<W> {
        AccessLog::new(Format::Combined, lines)
    }

    /// A JSON object a line: `time` (of the call, RFC 3339), `peer`, `method`, `target`, `version`,
    /// `status`, `bytes` (of payload), `outcome` (`sent`, `refused`, `truncated` or `disconnected`),
    /// `duration_ms` (from the call to the end), `head_ms` (from the call until the application let its
    /// head go), `referer`, `user_agent`, `pid`. What there is not is `null`.
    pub fn json(lines: W) -> AccessLog<W> {
        AccessLog::new(Format::Json, lines)
    }

    fn new(format: Format, lines: W) -> AccessLog<W> {
        let lines = Arc::new(lines);
        AccessLog { format, lines }
    }

    /// Where the lines go.
    pub fn lines(&self) -> &W {
        &self.lines
    }
}

impl<W> Clone for AccessLog<W> {
    fn clone(&self) -> AccessLog<W> {
        AccessLog {
            format: self.format,
            lines: self.lines.clone(),
        }
    }
}

impl<W> fmt::Debug for AccessLog<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLog")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl<A: App, W: WriteLine> Middleware<A> for AccessLog<W> {
    type App = AccessLogApp<A, W>;

    fn wrap(&self, inner: A) -> AccessLogApp<A, W> {
        let log = Arc::new(Log {
            access: self.clone(),
            pid: OnceLock::new(),
        });
        AccessLogApp {
            inner,
            log: Some(log),
        }
    }
}

/// An application whose requests are logged, or not.
pub struct AccessLogApp<A, W> {
    inner: A,
    /// Its own: exchanges hold it, and workers would count each other's holds if they shared one.
    log: Option<Arc<Log<W>>>,
}

struct Log<W> {
    access: AccessLog<W>,
    /// Of this process, once it has served: it may be a fork of the one that made this.
    pid: OnceLock<u32>,
}

impl<A, W> AccessLogApp<A, W> {
    /// An application whose requests are not logged, of the same type: for programs where a setting
    /// decides.
    pub fn off(inner: A) -> AccessLogApp<A, W> {
        AccessLogApp { inner, log: None }
    }

    /// The application itself.
    pub fn inner(&self) -> &A {
        &self.inner
    }
}

impl<A: Clone, W> Clone for AccessLogApp<A, W> {
    fn clone(&self) -> AccessLogApp<A, W> {
        AccessLogApp {
            inner: self.inner.clone(),
            log: self.log.clone(),
        }
    }
}

impl<A: fmt::Debug, W> fmt::Debug for AccessLogApp<A, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLogApp")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

impl<A: App, W: WriteLine> App for AccessLogApp<A, W> {
    type Body = ObservedBody<A::Body>;

    #[inline]
    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let head = self.log.as_ref().map(|log| begin(log, &environ));
        ObservedBody::new(self.inner.call(environ, start_response), head)
    }
}

/// The line is written by a hook, which always runs, and behind those of the application.
fn begin<W: WriteLine>(log: &Arc<Log<W>>, environ: &Environ) -> Arc<HeadTime> {
    let log = log.clone();
    let pid = *log.pid.get_or_init(process::id);
    let draft = Draft::new(log.access.format, environ, pid);
    let head = Arc::new(HeadTime::new());
    let seen = head.clone();
    environ.on_finish(move |outcome| {
        let lines = &log.access.lines;
        draft.finish(&seen.ending(outcome), |line| lines.write_line(line));
    });
    head
}
