//! Serves the files below a directory.
//!
//! ```
//! use rgi_core::testing::Client;
//! use rgi_middleware::StaticFiles;
//!
//! # fn main() -> std::io::Result<()> {
//! let root = tempfile::tempdir()?;
//! std::fs::write(root.path().join("hello.txt"), "Hello, World!")?;
//!
//! let client = Client::new(StaticFiles::new(root.path())?);
//! let reply = client.get("/hello.txt").send();
//! assert_eq!(reply.text(), "Hello, World!");
//! assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
//! assert_eq!(client.get("/../etc/passwd").send().status(), 404);
//! # Ok(())
//! # }
//! ```

mod answer;
mod open;
#[cfg(test)]
mod tests;
mod types;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use rgi_core::{
    App, Blocking, BlockingBody, Either, Environ, Error, FileBody, Full, StartResponse, blocking,
};

use open::{Root, Wait};

/// An application that serves the files below a directory, to GET and HEAD; others are answered 405.
/// What stands there is looked at with each request.
///
/// Paths are decoded segment by segment. What is no plain name (`..`, `.`, an empty one, one with a
/// slash or a zero byte in it) is not found, nor is what begins with a dot, but for `.well-known`
/// (RFC 8615). Links are followed where they stay below the directory: the system sees to it while it
/// opens (`openat2`, `RESOLVE_BENEATH`), so nobody can change them in between; where it has no
/// `openat2`, none is followed. What is neither a file nor a directory is not found.
///
/// A directory is its index, `index.html`; without a slash at its end it is redirected to there (301).
/// Conditional requests and ranges are answered ([`Conditional`](crate::Conditional),
/// [`Range`](crate::Range)). Entity tags are made of the length and the times of modification and of change,
/// which nobody can set: copies of a file have different ones, and a file has another once its owner or
/// its rights are changed. In the two seconds behind a change the tag is weak (RFC 9110 8.8.1), and ranges
/// that name it in `if-range` are answered with the whole.
///
/// The server sends files without reading them where it can. They are opened where the request is
/// served if their names are in the system's cache; for what is not, and has to be waited for, a server
/// that may not block gives it to its pool ([`blocking`]).
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use http::HeaderValue;
/// use rgi_middleware::StaticFiles;
///
/// # let root = tempfile::tempdir()?;
/// # let root = root.path();
/// let files = StaticFiles::new(root)?
///     .precompressed()
///     .cache_control(HeaderValue::from_static("max-age=3600"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StaticFiles(Arc<Settings>);

#[derive(Clone)]
struct Settings {
    root: Arc<Root>,
    index: Option<String>,
    hidden: bool,
    precompressed: bool,
    cache_control: Option<HeaderValue>,
    types: HashMap<String, HeaderValue>,
    /// How long after a change another could have the same time: file systems have coarse clocks.
    settled: Duration,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("root", &self.root)
            .field("index", &self.index)
            .field("precompressed", &self.precompressed)
            .finish_non_exhaustive()
    }
}

impl StaticFiles {
    /// Serves what is below a directory. It is opened here and stays the same: a link that is set to
    /// another later changes nothing.
    ///
    /// # Errors
    ///
    /// What the system says of the directory.
    pub fn new(root: impl AsRef<Path>) -> io::Result<StaticFiles> {
        Ok(StaticFiles(Arc::new(Settings {
            root: Arc::new(Root::open(root.as_ref())?),
            index: Some("index.html".to_owned()),
            hidden: false,
            precompressed: false,
            cache_control: None,
            types: HashMap::new(),
            settled: Duration::from_secs(2),
        })))
    }

    fn edit(mut self, edit: impl FnOnce(&mut Settings)) -> StaticFiles {
        edit(Arc::make_mut(&mut self.0));
        self
    }

    /// Names another file that a directory is.
    pub fn index(self, name: impl Into<String>) -> StaticFiles {
        self.edit(|it| it.index = Some(name.into()))
    }

    /// Has directories not found.
    pub fn without_index(self) -> StaticFiles {
        self.edit(|it| it.index = None)
    }

    /// Serves what begins with a dot, too.
    pub fn hidden(self) -> StaticFiles {
        self.edit(|it| it.hidden = true)
    }

    /// Looks for compressed files beside those that are asked for, of the same name with `.zst`, `.br`
    /// or `.gz` behind it, and sends the one that the client wants most (RFC 9110 12.5.3). One that is
    /// older than what it stands for is passed over.
    pub fn precompressed(self) -> StaticFiles {
        self.edit(|it| it.precompressed = true)
    }

    /// Sends a `cache-control` with each file.
    pub fn cache_control(self, value: HeaderValue) -> StaticFiles {
        self.edit(|it| it.cache_control = Some(value))
    }

    /// Gives files with an ending (`md`, without its dot, lower case) a type. Of usual ones the types
    /// are known; others are `application/octet-stream`.
    pub fn content_type(self, ending: impl Into<String>, value: HeaderValue) -> StaticFiles {
        self.edit(|it| {
            it.types.insert(ending.into(), value);
        })
    }
}

type Answer = Either<Full, FileBody>;

type Lifted = Blocking<Box<dyn Fn(Environ, StartResponse) -> Result<Answer, Error> + Send + Sync>>;

impl App for StaticFiles {
    type Body = Either<Answer, BlockingBody<Answer>>;

    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let wait = match environ.server().may_block {
            true => Wait::May,
            false => Wait::Not,
        };
        match answer::answer(&self.0, &environ, start_response, wait) {
            Ok(answer) => Either::left(answer),
            Err(start_response) => {
                let settings = self.0.clone();
                let lifted: Lifted = blocking(Box::new(move |environ, start_response| {
                    let answer = answer::answer(&settings, &environ, start_response, Wait::May);
                    answer.map_err(|_| Error::misuse("a wait where there is none"))
                }));
                Either::right(lifted.call(environ, start_response))
            }
        }
    }
}
