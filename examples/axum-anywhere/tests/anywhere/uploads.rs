//! Bodies of requests.

use std::io::{Read, Write};

use axum_anywhere::LONGEST_UPLOAD;

use crate::client::{Answer, Program};

pub(crate) fn bodies(program: &Program) {
    let bytes: Vec<u8> = (0..600_000_u32).map(|n| (n % 251) as u8).collect();
    let kind = "Content-Type: test/bytes\r\n";
    let taken = program.ask("POST /upload", kind, &bytes);
    assert_eq!(taken.text(), "600000 bytes of test/bytes\n");
    let sum = bytes
        .iter()
        .fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
    let measured = program.ask("POST /measure", "", &bytes);
    assert_eq!(measured.text(), format!("600000 bytes, sum {sum}\n"));
    // Refused by what is announced; nothing of it is sent.
    let mut stream = program.connect("POST /upload", kind, LONGEST_UPLOAD + 1);
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    assert_eq!(Answer::parse(&all).status, 413);
    // A block comes back before the next is sent.
    let mut stream = program.connect("POST /echo", "", 10);
    stream.write_all(b"first").unwrap();
    let mut all = Vec::new();
    while !all.windows(5).any(|five| five == b"first") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        all.push(byte[0]);
    }
    stream.write_all(b"other").unwrap();
    stream.read_to_end(&mut all).unwrap();
    assert_eq!(Answer::parse(&all).text(), "firstother");
}

pub(crate) fn forms(program: &Program) {
    let kind = "Content-Type: multipart/form-data; boundary=xx\r\n";
    let mut form = Vec::new();
    form.extend_from_slice(
        b"--xx\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nholidays\r\n",
    );
    form.extend_from_slice(
        b"--xx\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"sea.png\"\r\n\
          Content-Type: image/png\r\n\r\n",
    );
    form.resize(form.len() + 300_000, b'\r');
    form.extend_from_slice(b"\r\n--xx--\r\n");
    let told = program.ask("POST /files", kind, &form);
    assert_eq!(
        (told.status, told.text()),
        (
            200,
            "title: no file, 8 bytes\npicture: sea.png, 300000 bytes\n"
        )
    );
    // It breaks off.
    assert_eq!(program.ask("POST /files", kind, &form[..200]).status, 400);
    assert_eq!(program.ask("POST /files", "", b"").status, 400);
}
