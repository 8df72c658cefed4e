//! Where a server listens.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use super::bad::Bad;

pub(super) const EXPECTED: &str =
    "address: HOST:PORT, unix:PATH or fd:N (127.0.0.1:8000, [::1]:8000, localhost:8000)";

/// A place to listen at, as `--bind` takes it.
///
/// Its text form is read back by [`FromStr`], unless a path is not UTF-8: such a path cannot
/// be a setting.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Bind {
    /// `127.0.0.1:8000`, `[::1]:8000`. Port 0 lets the system choose a free port. `[::]` is every
    /// IPv6 address and no IPv4 one, whatever the system's default: bind `0.0.0.0` beside it.
    Tcp(SocketAddr),
    /// `localhost:8000`: a name and a port. The name is resolved when the server starts, and
    /// every address of this machine among those found is listened at.
    Host(String, u16),
    /// `unix:PATH`: a Unix socket, made at this path and removed at the end. One that a dead
    /// process left there is replaced.
    Unix(PathBuf),
    /// `fd:N`: a listening socket that this process inherited, by its descriptor; 0 or more.
    Fd(i32),
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bind::Tcp(address) => write!(f, "{address}"),
            Bind::Host(name, port) => write!(f, "{name}:{port}"),
            Bind::Unix(path) => write!(f, "unix:{}", path.display()),
            Bind::Fd(descriptor) => write!(f, "fd:{descriptor}"),
        }
    }
}

impl From<SocketAddr> for Bind {
    fn from(address: SocketAddr) -> Self {
        Bind::Tcp(address)
    }
}

impl FromStr for Bind {
    type Err = Bad;

    fn from_str(text: &str) -> Result<Self, Bad> {
        parse(text).ok_or_else(|| Bad::unfit(&format!("{text:?}"), EXPECTED))
    }
}

fn parse(text: &str) -> Option<Bind> {
    if let Some(path) = text.strip_prefix("unix:") {
        // Control characters could not be written into a log or a configuration, and U+FFFD
        // stands where a path that was not UTF-8 became text: it would be another path.
        let odd = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
        let fits = !path.is_empty() && !path.contains(odd);
        return fits.then(|| Bind::Unix(PathBuf::from(path)));
    }
    if let Some(number) = text.strip_prefix("fd:") {
        return digits(number)?.parse().ok().map(Bind::Fd);
    }
    if let Ok(address) = text.parse() {
        return Some(Bind::Tcp(address));
    }
    let (name, port) = text.rsplit_once(':')?;
    let port = digits(port)?.parse().ok()?;
    is_host_name(name).then(|| Bind::Host(name.to_owned(), port))
}

/// `text`, if it is all digits: the parsers of the standard library take a sign as well.
fn digits(text: &str) -> Option<&str> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(text)
}

/// RFC 1123 2.1, and the underscore that private networks use. A name whose last label is a
/// number is a mistyped IPv4 address.
fn is_host_name(name: &str) -> bool {
    let labels = name.strip_suffix('.').unwrap_or(name);
    let last = labels.rsplit('.').next().unwrap_or(labels);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    name.len() <= 253
        && digits(last).is_none()
        && labels.split('.').all(|label| {
            (1..=63).contains(&label.len()) && !label.starts_with('-') && label.bytes().all(fits)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written() {
        let cases = [
            ("127.0.0.1:8000", Bind::Tcp(([127, 0, 0, 1], 8000).into())),
            ("0.0.0.0:0", Bind::Tcp(([0, 0, 0, 0], 0).into())),
            (
                "[::1]:8000",
                Bind::Tcp(([0, 0, 0, 0, 0, 0, 0, 1], 8000).into()),
            ),
            ("localhost:8000", Bind::Host("localhost".into(), 8000)),
            (
                "my_app.example.:65535",
                Bind::Host("my_app.example.".into(), 65535),
            ),
            (
                "unix:/run/my app.sock",
                Bind::Unix("/run/my app.sock".into()),
            ),
            ("unix:app.sock", Bind::Unix("app.sock".into())),
            ("fd:0", Bind::Fd(0)),
            ("fd:3", Bind::Fd(3)),
        ];
        for (text, bind) in cases {
            assert_eq!(text.parse(), Ok(bind.clone()), "{text}");
            assert_eq!(bind.to_string(), text);
        }
    }

    #[test]
    fn everything_else_is_refused_in_one_line() {
        let cases = [
            "",
            ":",
            ":8000",
            "8000",
            "localhost",
            "127.0.0.1",
            "127.0.0.1:",
            "127.0.0.1:65536",
            "127.0.0.1:+80",
            "127.0.0.300:80",
            "localhost:-1",
            "::1:8000",
            "[::1]",
            "*:8000",
            "a..b:80",
            "-a:80",
            "http://localhost:8000",
            "localhost:80/",
            "a b:80",
            "unix:",
            "unix:a\nb",
            "unix:a\0",
            "unix:a\u{fffd}",
            "fd:",
            "fd:-1",
            "fd:+3",
            "fd:3x",
            "fd:99999999999",
        ];
        for text in cases {
            let bad = text.parse::<Bind>().unwrap_err().to_string();
            assert_eq!(bad, format!("{text:?} is no {EXPECTED}"));
            assert!(!bad.contains('\n'));
        }
    }
}
