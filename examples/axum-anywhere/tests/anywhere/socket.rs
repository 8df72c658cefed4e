//! A conversation by WebSocket, frame by frame (RFC 6455).

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::client::{Answer, Program};

const OFFER: &str = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                     Sec-WebSocket-Protocol: crow, parrot\r\n\
                     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

pub(crate) fn conversation(program: &Program) {
    let mut stream = ask(program, OFFER);
    let answer = head(&mut stream);
    assert_eq!(answer.status, 101, "{}", answer.head);
    for field in [
        "upgrade: websocket",
        // Of RFC 6455 1.3.
        "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=",
        "sec-websocket-protocol: parrot",
        "x-served-by: axum",
    ] {
        assert!(answer.has(field), "{}", answer.head);
    }
    // The server speaks first.
    let greeting = (TEXT, b"Polly wants a cracker".to_vec());
    assert_eq!(hear(&mut stream), greeting);
    let long = vec![b'x'; 40_000];
    for said in [&b"hello"[..], b"", &long] {
        say(&mut stream, TEXT, said);
        assert_eq!(hear(&mut stream), (TEXT, said.to_vec()));
    }
    say(&mut stream, PING, b"there?");
    assert_eq!(hear(&mut stream), (PONG, b"there?".to_vec()));
    // Going away, and an end behind it.
    say(&mut stream, CLOSE, &1001_u16.to_be_bytes());
    assert_eq!(hear(&mut stream).0, CLOSE);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"");
    // What comes with the request is not lost.
    let mut stream = program.stream();
    let mut all = request(OFFER).into_bytes();
    all.extend(frame(TEXT, b"early"));
    stream.write_all(&all).unwrap();
    assert_eq!(head(&mut stream).status, 101);
    assert_eq!(hear(&mut stream), greeting);
    assert_eq!(hear(&mut stream), (TEXT, b"early".to_vec()));
}

pub(crate) fn refusals(program: &Program) {
    // No switch was asked for.
    assert_eq!(program.get("/socket").status, 400);
    // axum speaks version 13 only.
    let old = OFFER.replace(": 13", ": 7");
    assert_eq!(head(&mut ask(program, &old)).status, 400);
    // A page does not care.
    assert_eq!(
        head(&mut send(
            program,
            &request(OFFER).replace("/socket", "/count")
        ))
        .status,
        200
    );
}

fn request(fields: &str) -> String {
    format!("GET /socket HTTP/1.1\r\nHost: test.invalid\r\nConnection: upgrade\r\n{fields}\r\n")
}

fn ask(program: &Program, fields: &str) -> TcpStream {
    send(program, &request(fields))
}

fn send(program: &Program, request: &str) -> TcpStream {
    let mut stream = program.stream();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// The head of an answer, and nothing of what is behind it.
fn head(stream: &mut TcpStream) -> Answer {
    let mut all = Vec::new();
    while !all.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        all.push(byte[0]);
    }
    let head = String::from_utf8(all).unwrap().to_ascii_lowercase();
    // Of which no body is wanted.
    let head = head.replace("transfer-encoding", "x-was");
    Answer::parse(head.as_bytes())
}

/// A client's frame, masked.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | kind];
    match payload.len() {
        short @ 0..126 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(long).unwrap().to_be_bytes());
        }
    }
    let mask = [7, 77, 177, 27];
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b));
    frame
}

fn say(stream: &mut TcpStream, kind: u8, payload: &[u8]) {
    stream.write_all(&frame(kind, payload)).unwrap();
}

/// A server's frame: its kind, and what it holds.
fn hear(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut first = [0; 2];
    stream.read_exact(&mut first).unwrap();
    let length = match first[1] {
        126 => {
            let mut long = [0; 2];
            stream.read_exact(&mut long).unwrap();
            u16::from_be_bytes(long).into()
        }
        short => usize::from(short),
    };
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).unwrap();
    assert_eq!(first[0] & 0xf0, 0x80, "a whole frame");
    (first[0] & 0x0f, payload)
}
