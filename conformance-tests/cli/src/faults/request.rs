//! One request and what became of it.

use std::io;
use std::time::{Duration, Instant};

use crate::Endpoint;
use crate::answers::{Answers, Asked};
use crate::endpoint::Connection;

/// Why a request was not answered as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// No connection.
    Refused,
    /// The connection was reset before the answer was whole.
    Reset,
    /// The connection was closed before the answer was whole.
    Cut,
    /// No whole answer in time.
    Late,
    /// An answer, but not the one that was wanted.
    Wrong,
}

impl Trouble {
    pub(super) fn name(self) -> &'static str {
        match self {
            Trouble::Refused => "refused",
            Trouble::Reset => "reset",
            Trouble::Cut => "cut",
            Trouble::Late => "late",
            Trouble::Wrong => "wrong",
        }
    }
}

/// What became of a request.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) begun: Instant,
    pub(super) took: Duration,
    /// The status, where there was a whole answer.
    pub(super) status: Option<u16>,
    pub(super) body: Vec<u8>,
    /// The server has said that it closes the connection.
    pub(super) closes: bool,
    /// Why there was none, and some words more.
    pub(super) trouble: Option<(Trouble, String)>,
}

impl Reply {
    /// None, of a request that was begun then.
    pub(super) fn failed(begun: Instant, trouble: (Trouble, String)) -> Reply {
        Reply {
            begun,
            took: begun.elapsed(),
            status: None,
            body: Vec::new(),
            closes: true,
            trouble: Some(trouble),
        }
    }

    /// The process that says it has answered, by a member `pid` of its JSON.
    pub(super) fn pid(&self) -> Option<i32> {
        let value: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        value["pid"].as_i64()?.try_into().ok()
    }
}

/// A client with one connection, or a new one for each request.
pub(super) struct Client {
    endpoint: Endpoint,
    timeout: Duration,
    reuse: bool,
    open: Option<Connection>,
}

impl Client {
    /// A client that opens a connection for each request.
    pub(super) fn new(endpoint: &Endpoint, timeout: Duration) -> Client {
        Client {
            endpoint: endpoint.clone(),
            timeout,
            reuse: false,
            open: None,
        }
    }

    /// A client that stays on its connection until it is told that the server closes it.
    pub(super) fn reusing(endpoint: &Endpoint, timeout: Duration) -> Client {
        Client {
            reuse: true,
            ..Client::new(endpoint, timeout)
        }
    }

    /// A GET.
    pub(super) fn get(&mut self, target: &str) -> Reply {
        let begun = Instant::now();
        let connection = match self.open.take() {
            Some(connection) => Ok((connection, " on a connection used before")),
            None => self.endpoint.connect(self.timeout).map(|new| (new, "")),
        };
        let (connection, on) = match connection {
            Ok(open) => open,
            Err(error) => {
                let trouble = (Trouble::Refused, error.to_string());
                return Reply::failed(begun, trouble);
            }
        };
        let request = get(&self.endpoint, target, !self.reuse);
        // A server that has closed has perhaps answered first: reading tells.
        let _ = connection.write_all(request.as_bytes());
        let reply = receive(&connection, begun, begun + self.timeout);
        match reply {
            Ok(reply) => {
                if self.reuse && !reply.closes {
                    self.open = Some(connection);
                }
                reply
            }
            Err((trouble, why)) => Reply::failed(begun, (trouble, format!("{why}{on}"))),
        }
    }
}

/// The text of a GET.
pub(super) fn get(endpoint: &Endpoint, target: &str, close: bool) -> String {
    let close = if close { "Connection: close\r\n" } else { "" };
    format!(
        "GET {target} HTTP/1.1\r\nHost: {}\r\n{close}\r\n",
        endpoint.host_field()
    )
}

/// Reads one answer, of a request that was begun then.
pub(super) fn receive(
    connection: &Connection,
    begun: Instant,
    deadline: Instant,
) -> Result<Reply, (Trouble, String)> {
    let mut answers = Answers::to(vec![Asked::Ordinary]);
    let mut raw = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        if let Some(fault) = answers.fault() {
            return Err((Trouble::Wrong, fault.to_owned()));
        }
        if let Some(answer) = answers.done().first() {
            let status = answer.status;
            return Ok(reply(begun, status, &raw));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err((Trouble::Late, format!("after {} bytes", raw.len())));
        }
        let at = |what: &str| format!("{what} after {} bytes", raw.len());
        match connection.read_within(&mut buffer, left) {
            Ok(0) => {
                answers.close();
                if answers.done().is_empty() {
                    return Err((Trouble::Cut, at("closed")));
                }
            }
            Ok(count) => {
                raw.extend_from_slice(&buffer[..count]);
                answers.feed(&buffer[..count]);
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {}
                io::ErrorKind::Interrupted => {}
                _ => return Err((Trouble::Reset, at("reset"))),
            },
        }
    }
}

fn reply(begun: Instant, status: u16, raw: &[u8]) -> Reply {
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = raw.split_at(end.map_or(raw.len(), |end| end + 4));
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    Reply {
        begun,
        took: begun.elapsed(),
        status: Some(status),
        body: body.to_vec(),
        closes: head.lines().any(|line| line == "connection: close"),
        trouble: None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    const WHOLE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"pid\": 7}";
    const LAST: &str =
        "HTTP/1.1 200 OK\r\nconnection: Close\r\nContent-Length: 10\r\n\r\n{\"pid\": 7}";

    /// A server that says these to the requests of each connection in turn, and then closes it.
    fn saying(connections: &'static [&'static [&'static str]]) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for answers in connections {
                let (mut stream, _) = listener.accept().unwrap();
                for answer in *answers {
                    let mut read = Vec::new();
                    while !read.ends_with(b"\r\n\r\n") {
                        let mut byte = [0];
                        stream.read_exact(&mut byte).unwrap();
                        read.extend(byte);
                    }
                    stream.write_all(answer.as_bytes()).unwrap();
                }
            }
        });
        Endpoint::from_url(&format!("http://{address}")).unwrap()
    }

    fn trouble(reply: &Reply) -> Option<Trouble> {
        reply.trouble.as_ref().map(|(trouble, _)| *trouble)
    }

    #[test]
    fn a_whole_answer_tells_who_gave_it() {
        let mut client = Client::new(&saying(&[&[WHOLE]]), Duration::from_secs(10));
        let reply = client.get("/");
        assert_eq!((reply.status, reply.pid()), (Some(200), Some(7)));
        assert!(!reply.closes && reply.trouble.is_none());
    }

    #[test]
    fn less_is_cut_and_other_bytes_are_wrong() {
        let endpoint = saying(&[
            &["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"],
            &["Hello"],
        ]);
        let mut client = Client::new(&endpoint, Duration::from_secs(10));
        assert_eq!(trouble(&client.get("/")), Some(Trouble::Cut));
        assert_eq!(trouble(&client.get("/")), Some(Trouble::Wrong));
    }

    #[test]
    fn nobody_there_is_refused_and_nothing_said_is_late() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let endpoint = Endpoint::from_url(&endpoint).unwrap();
        let mut client = Client::new(&endpoint, Duration::from_millis(50));
        assert_eq!(trouble(&client.get("/")), Some(Trouble::Late));
        drop(listener);
        // A process that another test has just forked holds the socket until it runs its program.
        let mut asked = std::iter::repeat_with(|| trouble(&client.get("/"))).take(200);
        assert!(asked.any(|trouble| trouble == Some(Trouble::Refused)));
    }

    #[test]
    fn a_connection_is_kept_until_the_server_says_it_closes() {
        let endpoint = saying(&[&[WHOLE, LAST], &[WHOLE], &[WHOLE]]);
        let mut client = Client::reusing(&endpoint, Duration::from_secs(10));
        assert_eq!(trouble(&client.get("/")), None);
        assert!(client.get("/").closes);
        assert_eq!(trouble(&client.get("/")), None, "on the second");
        // It was closed, and nobody had said so.
        let lost = client.get("/");
        let lost = lost.trouble.unwrap();
        assert!(matches!(lost.0, Trouble::Cut | Trouble::Reset), "{lost:?}");
        assert!(lost.1.ends_with("on a connection used before"), "{lost:?}");
        assert_eq!(trouble(&client.get("/")), None, "on the third");
    }
}
