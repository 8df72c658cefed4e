//! A bad server, for tests of what finds it out: TERM ends it in the middle of its answers, it has
//! started a process that it leaves behind, and its socket's file stays.
//!
//! Of the testbed it has what is asked for there: the line of the log, `/sleep`, and who answers.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

fn main() -> io::Result<()> {
    let left = Command::new("sleep")
        .arg("600")
        .stdin(Stdio::null())
        .spawn()?;
    let socket = std::env::args().find_map(|bind| Some(bind.strip_prefix("unix:")?.to_owned()));
    let socket = socket.map(UnixListener::bind).transpose()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    eprintln!(
        "careless serving http://{address} (beside {}, {socket:?})",
        left.id()
    );
    for stream in listener.incoming().flatten() {
        // A client that leaves is none of its concerns.
        thread::spawn(move || answer(&stream));
    }
    Ok(())
}

fn answer(mut stream: &TcpStream) -> io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    if let Some((_, rest)) = request.split_once("/sleep?ms=") {
        let millis = rest
            .split(' ')
            .next()
            .and_then(|millis| millis.parse().ok());
        thread::sleep(Duration::from_millis(millis.unwrap_or(0)));
    }
    let body = format!("{{\"pid\": {}}}", std::process::id());
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
