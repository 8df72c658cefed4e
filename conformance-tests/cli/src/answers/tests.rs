use super::*;

fn read(asked: &[Asked], bytes: &[u8]) -> Answers {
    let mut answers = Answers::to(asked.to_vec());
    answers.feed(bytes);
    answers
}

fn statuses(answers: &Answers) -> Vec<u16> {
    assert_eq!(answers.fault(), None);
    answers.done().iter().map(|answer| answer.status).collect()
}

#[test]
fn lengths_chunks_and_informational_answers() {
    let wire = b"HTTP/1.1 100 Continue\r\n\r\n\
        HTTP/1.1 200 OK\r\nX-RGI-App: yes\r\nContent-Length: 3\r\n\r\nabc\
        HTTP/1.1 201 \r\ntransfer-encoding: Chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nx: y\r\n\r\n\
        HTTP/1.1 204 No Content\r\n\r\n\
        HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    let whole = read(&[], wire);
    assert_eq!(statuses(&whole), [200, 201, 204, 404]);
    assert!(whole.done()[0].from_app && !whole.done()[1].from_app);
    assert_eq!(whole.cut(), None);

    let mut bytewise = Answers::to(Vec::new());
    for byte in wire {
        bytewise.feed(&[*byte]);
    }
    assert_eq!(bytewise.done(), whole.done());
}

#[test]
fn the_request_says_whether_there_is_a_body() {
    let wire =
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(statuses(&read(&[Asked::Head], wire)), [200, 200]);

    let tunnel = read(&[Asked::Connect], b"HTTP/1.1 200 OK\r\n\r\nno HTTP");
    assert_eq!(statuses(&tunnel), [200]);
    assert_eq!(tunnel.cut(), None);

    let refused = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\n";
    let mut without = read(&[Asked::PerhapsHead], refused);
    without.close();
    assert_eq!(statuses(&without), [400]);
    let with = read(&[Asked::PerhapsHead], &[&refused[..], b"abc"].concat());
    assert_eq!(statuses(&with), [400]);
    let mut halfway = read(&[Asked::PerhapsHead], &[&refused[..], b"a"].concat());
    halfway.close();
    assert!(statuses(&halfway).is_empty());
}

#[test]
fn the_close_ends_what_has_no_length() {
    let mut answers = read(&[], b"HTTP/1.1 200 OK\r\n\r\nabc");
    assert!(matches!(answers.cut(), Some(Cut::InBody(_))));
    answers.close();
    assert_eq!(statuses(&answers), [200]);
    assert_eq!(answers.cut(), None);
}

#[test]
fn a_reset_ends_errors_without_a_length_alone() {
    for (wire, ended) in [
        ("HTTP/1.1 400 Bad\r\n\r\n", 1),
        ("HTTP/1.1 200 OK\r\n\r\n", 0),
        ("HTTP/1.1 400 Bad\r\nContent-Length: 1\r\n\r\n", 0),
    ] {
        let mut answers = read(&[], wire.as_bytes());
        answers.reset();
        assert_eq!(statuses(&answers).len(), ended, "{wire}");
    }
}

#[test]
fn what_is_not_complete_is_cut() {
    for body in [
        "Content-Length: 3\r\n\r\nab",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ] {
        let mut answers = read(&[], format!("HTTP/1.1 200 OK\r\n{body}").as_bytes());
        answers.close();
        assert!(answers.done().is_empty(), "{body}");
        assert!(matches!(
            answers.cut(),
            Some(Cut::InBody(Answer { status: 200, .. }))
        ));
    }
    assert_eq!(read(&[], b"HTTP/1.1 2").cut(), Some(Cut::InHead));
}

#[test]
fn malformed_answers_are_faults() {
    for (wire, fault) in [
        (&b"hello"[..], "'hello' where an answer should begin"),
        (b"HTTP/1.1 200 OK\nA: b\n\n", "bare LF"),
        (b"HTTP/1.1 200\r\n\r\n", "status line"),
        (b"HTTP/1.2 200 OK\r\n\r\n", "status line"),
        (b"HTTP/1.1 099 OK\r\n\r\n", "status line"),
        (b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "field line"),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "field line"),
        (b"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", "field line"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n", "'+1'"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            "twice",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "gzip",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "beside",
        ),
        (b"HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n", "never has"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "'x'",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
            "longer",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\r\n",
            "should begin",
        ),
    ] {
        let answers = read(&[], wire);
        let came = answers.fault().unwrap_or("no fault");
        assert!(came.contains(fault), "{}: {came}", wire.escape_ascii());
    }
}
