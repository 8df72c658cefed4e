use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use proptest::prelude::*;

use super::tlv::crc32c;
use super::{ProxyHeader, binary};
use crate::server::{Address, Connection};

fn whole(bytes: &[u8]) -> ProxyHeader {
    let header = ProxyHeader::parse(bytes).expect("it is well formed");
    header.expect("it is whole")
}

/// The two ends and the TLS session's version, put into a connection that had others.
fn applied(bytes: &[u8]) -> (String, String, Option<Option<u16>>) {
    let mut connection = Connection {
        peer: Address::Tcp(([10, 0, 0, 1], 1).into()),
        local: Address::Tcp(([10, 0, 0, 2], 2).into()),
        tls: None,
    };
    whole(bytes).apply(&mut connection);
    let (peer, local) = (connection.peer, connection.local);
    let tls = connection.tls.map(|tls| tls.version);
    (peer.to_string(), local.to_string(), tls)
}

const OWN: (&str, &str) = ("10.0.0.1:1", "10.0.0.2:2");

#[track_caller]
fn check(bytes: &[u8], (peer, local): (&str, &str)) {
    assert_eq!(applied(bytes), (peer.to_owned(), local.to_owned(), None));
}

/// A header of version 2.
fn binary(command: u8, family: u8, addresses: &[u8], facts: &[u8]) -> Vec<u8> {
    let length = u16::try_from(addresses.len() + facts.len()).expect("it fits");
    let fixed = [&[command, family][..], &length.to_be_bytes()].concat();
    [binary::SIGNATURE, &fixed, addresses, facts].concat()
}

fn fact(kind: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).expect("it fits");
    [&[kind][..], &length.to_be_bytes(), value].concat()
}

const TCP4: [u8; 12] = [192, 0, 2, 7, 192, 0, 2, 1, 0x12, 0x67, 0x01, 0xBB];

#[test]
fn lines_are_read() {
    let ends = ("192.0.2.7:4711", "192.0.2.1:443");
    check(b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\nGET", ends);
    let ends = ("[2001:db8::7]:65535", "[::1]:0");
    check(b"PROXY TCP6 2001:db8::7 ::1 65535 0\r\n", ends);
    check(b"PROXY UNKNOWN\r\n", OWN);
    check(b"PROXY UNKNOWN what ever it says\r\n", OWN);
    let longest = b"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff \
                    ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";
    assert_eq!(whole(longest).length(), 107);
}

#[test]
fn what_is_no_header_is_said_at_once() {
    for wrong in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"P0",
        b"proxy TCP4",
        b"\r\n\r\n\0\r\nQUIX",
        b"\x16\x03\x01",
    ] {
        ProxyHeader::parse(wrong).expect_err("it is none");
    }
    assert_eq!(ProxyHeader::parse(b""), Ok(None));
    let long = [&b"PROXY UNKNOWN "[..], &[b'x'; 93]].concat();
    assert_eq!(ProxyHeader::parse(&long[..106]), Ok(None));
    ProxyHeader::parse(&long).expect_err("it is too long");
}

#[test]
fn lines_that_are_wrong_are_refused() {
    for wrong in [
        "PROXY \r\n",
        "PROXY TCP4\r\n",
        "PROXY TCP5 192.0.2.7 192.0.2.1 1 2\r\n",
        "PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n",
        "PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n",
        "PROXY TCP4  192.0.2.7 192.0.2.1 1 2\r\n",
        "PROXY TCP4 192.0.2.7 192.0.2.1 1 2 \r\n",
        "PROXY TCP4 192.0.2.7 192.0.2.1 01 2\r\n",
        "PROXY TCP4 192.0.2.7 192.0.2.1 +1 2\r\n",
        "PROXY TCP4 192.0.2.7 192.0.2.1 1 65536\r\n",
        "PROXY TCP4 192.0.2.07 192.0.2.1 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n",
        "PROXY UNKNOWNS\r\n",
        "PROXY TCP4 192.0.2.7 192.0.2.1 1 2\n\r\n",
    ] {
        ProxyHeader::parse(wrong.as_bytes()).expect_err(wrong);
    }
}

#[test]
fn binary_headers_are_read() {
    let ends = ("192.0.2.7:4711", "192.0.2.1:443");
    check(&binary(0x21, 0x11, &TCP4, b""), ends);
    check(&binary(0x21, 0x12, &TCP4, &fact(0xEA, b"vpce")), ends);
    let (peer, local) = (Ipv6Addr::LOCALHOST, Ipv6Addr::UNSPECIFIED);
    let tcp6 = [&peer.octets()[..], &local.octets(), &[0, 1, 0, 2]].concat();
    check(&binary(0x21, 0x21, &tcp6, b""), ("[::1]:1", "[::]:2"));
    let mut unix = [0; 216];
    unix[..4].copy_from_slice(b"/a/b");
    unix[108..].fill(b'x');
    let local = format!("unix:{}", "x".repeat(108));
    check(&binary(0x21, 0x31, &unix, b""), ("unix:/a/b", &local));
}

#[test]
fn a_proxy_that_asks_for_itself_keeps_its_ends() {
    check(&binary(0x20, 0x00, b"", b""), OWN);
    check(&binary(0x20, 0x11, &TCP4, b"?"), OWN);
    check(&binary(0x21, 0x00, b"", &fact(0x04, b"....")), OWN);
}

#[test]
fn binary_headers_that_are_wrong_are_refused() {
    for (wrong, why) in [
        (binary(0x11, 0x11, &TCP4, b""), "a version"),
        (binary(0x22, 0x11, &TCP4, b""), "a command"),
        (binary(0x21, 0x10, &TCP4, b""), "a protocol"),
        (binary(0x21, 0x41, &TCP4, b""), "a family"),
        (binary(0x21, 0x11, &TCP4[..11], b""), "addresses"),
        (binary(0x21, 0x21, &TCP4, b""), "addresses"),
        (binary(0x21, 0x11, &TCP4, &[1, 0]), "a fact"),
        (binary(0x21, 0x11, &TCP4, &[1, 0, 2, 0]), "a fact"),
        (binary(0x21, 0x00, b"", &[0]), "a fact"),
        (binary(0x21, 0x11, &TCP4, &fact(0x02, b"\xFF")), "a name"),
        (binary(0x21, 0x11, &TCP4, &fact(0x20, b"\x01")), "a session"),
        (binary(0x21, 0x11, &TCP4, &fact(0x03, &[0; 4])), "a sum"),
        (binary(0x21, 0x11, &TCP4, &fact(0x03, &[0; 3])), "a sum"),
    ] {
        ProxyHeader::parse(&wrong).expect_err(why);
    }
    // It is known before it is there.
    let long = binary(0x21, 0x11, &TCP4, &[0; 9000]);
    ProxyHeader::parse(&long[..16]).expect_err("it is too long");
    ProxyHeader::parse(&long[..13]).expect("it may be well formed");
}

#[test]
fn a_sum_is_checked() {
    // RFC 3720 B.4
    assert_eq!(!crc32c(!0, &[0; 32]), 0x8A91_36AA);
    assert_eq!(!crc32c(!0, b"123456789"), 0xE306_9283);
    let facts = [fact(0x04, b".."), fact(0x03, &[0; 4]), fact(0xEE, b"x")].concat();
    let mut header = binary(0x21, 0x11, &TCP4, &facts);
    let sum = !crc32c(!0, &header);
    let at = header.len() - 8;
    header[at..at + 4].copy_from_slice(&sum.to_be_bytes());
    check(&header, ("192.0.2.7:4711", "192.0.2.1:443"));
    for byte in 12..header.len() {
        let mut other = header.clone();
        other[byte] ^= 0x04;
        let parsed = ProxyHeader::parse(&other);
        // Lengths, and the type of the sum itself, are what finds it.
        let kept = matches!(byte, 14 | 15) || (at - 3..at).contains(&byte);
        assert!(kept || parsed.is_err(), "{byte}: {parsed:?}");
    }
    let twice = [fact(0x03, &[0; 4]), fact(0x03, &[0; 4])].concat();
    ProxyHeader::parse(&binary(0x21, 0x11, &TCP4, &twice)).expect_err("two sums");
}

#[test]
fn a_session_that_ended_at_the_proxy_is_the_clients() {
    let inner = [fact(0x21, b"TLSv1.3"), fact(0x23, b"cipher")].concat();
    let session = |client: u8| fact(0x20, &[&[client, 0, 0, 0, 0], &inner[..]].concat());
    let names = [fact(0x01, b"h2"), fact(0x02, b"shop.example")].concat();
    let facts = [names, session(1)].concat();
    let mut connection = Connection::default();
    whole(&binary(0x21, 0x11, &TCP4, &facts)).apply(&mut connection);
    let tls = connection.tls.expect("there was one");
    assert_eq!(tls.version, Some(0x0304));
    assert_eq!(tls.server_name.as_deref(), Some("shop.example"));
    assert_eq!(tls.alpn.as_deref(), Some(&b"h2"[..]));
    let (.., tls) = applied(&binary(0x21, 0x11, &TCP4, &session(0)));
    assert_eq!(tls, None);
}

/// Any header that is well formed.
fn header() -> impl Strategy<Value = Vec<u8>> {
    let line = any::<(SocketAddr, Ipv4Addr, Ipv6Addr, u16)>().prop_map(|(peer, v4, v6, port)| {
        let (peer, from) = (peer.ip(), peer.port());
        let line = match peer.is_ipv4() {
            true => format!("PROXY TCP4 {peer} {v4} {from} {port}\r\n"),
            false => format!("PROXY TCP6 {peer} {v6} {from} {port}\r\n"),
        };
        line.into_bytes()
    });
    let fact = (0x30u8.., prop::collection::vec(any::<u8>(), 0..20));
    let facts = prop::collection::vec(fact, 0..4);
    let room = prop::collection::vec(any::<u8>(), 216);
    let length = prop_oneof![
        Just((0x11, 12)),
        Just((0x21, 36)),
        Just((0x31, 216)),
        Just((0, 0))
    ];
    let binary = (0x20u8..0x22, length, room, facts).prop_map(|(command, family, room, facts)| {
        let facts: Vec<u8> = facts
            .iter()
            .flat_map(|(kind, v)| self::fact(*kind, v))
            .collect();
        binary(command, family.0, &room[..family.1], &facts)
    });
    prop_oneof![line, binary]
}

proptest! {
    #[test]
    fn it_is_the_same_however_it_comes(header in header(), behind: Vec<u8>) {
        let read = whole(&header);
        prop_assert_eq!(read.length(), header.len());
        for come in 0..header.len() {
            prop_assert_eq!(ProxyHeader::parse(&header[..come]), Ok(None));
        }
        let all = [header, behind].concat();
        prop_assert_eq!(ProxyHeader::parse(&all), Ok(Some(read)));
    }

    #[test]
    fn what_is_wrong_stays_wrong(mut header in header(), at: prop::sample::Index, byte: u8) {
        let at = at.index(header.len());
        header[at] = byte;
        let verdicts = (0..=header.len()).map(|come| ProxyHeader::parse(&header[..come]));
        let decided = verdicts.skip_while(|verdict| *verdict == Ok(None));
        let decided: Vec<_> = decided.collect();
        prop_assert!(decided.windows(2).all(|two| two[0] == two[1]), "{:?}", decided);
    }

    #[test]
    fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = ProxyHeader::parse(&bytes);
        let _ = ProxyHeader::parse(&[binary::SIGNATURE, &[0x21], &bytes].concat());
        let _ = ProxyHeader::parse(&[b"PROXY ", &bytes[..]].concat());
    }
}
