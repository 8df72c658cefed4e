//! The yardstick: a thread for each connection, which blocks, parses with httparse and answers what
//! `hello` answers.
//!
//! `cargo run --release -p bare-threads -- 127.0.0.1:8000`

use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    content-type: text/plain; charset=utf-8\r\n\
    content-length: 14\r\n\
    date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
    \r\n\
    Hello, World!\n";

fn main() -> Result<()> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    let listener = TcpListener::bind(address)?;
    loop {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        // A connection that fails is over, and nobody's loss.
        thread::spawn(move || serve(stream));
    }
}

/// Answers requests without bodies, until the client ends.
fn serve(mut stream: TcpStream) -> Result<()> {
    let mut buffer = [0; 16 * 1024];
    let mut filled = 0;
    loop {
        let n = stream.read(&mut buffer[filled..])?;
        if n == 0 {
            return Ok(());
        }
        filled += n;
        let mut used = 0;
        while let Some(length) = head(&buffer[used..filled]) {
            used += length;
            stream.write_all(ANSWER)?;
        }
        buffer.copy_within(used..filled, 0);
        filled -= used;
    }
}

/// Bytes of the head that is there.
fn head(bytes: &[u8]) -> Option<usize> {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => Some(length),
        _ => None,
    }
}
