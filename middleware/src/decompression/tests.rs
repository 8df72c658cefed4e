use rgi_core::testing::{Client, Reply};
use rgi_core::{AppExt, Environ, Error, Full, StartResponse, StatusCode, async_fn};

use super::{Coding, Decompression};
use crate::coding::Encoder;

async fn echo(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
    assert!(
        environ.header("content-encoding").is_none() && environ.header("content-length").is_none()
    );
    let body = environ.input().collect(u64::MAX).await?;
    Ok(start_response.start(StatusCode::OK).full(body))
}

fn coded(coding: Coding, data: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new(coding).unwrap();
    encoder.write(data).unwrap();
    encoder.finish().unwrap().to_vec()
}

fn sent(coding: &str, pieces: Vec<Vec<u8>>) -> Reply {
    let client = Client::new(async_fn(echo).with(Decompression::new(100_000)));
    let post = client.post("/").header("content-encoding", coding);
    post.chunks(pieces).send()
}

fn bytes(piece: &[u8]) -> Vec<Vec<u8>> {
    piece.iter().map(|byte| vec![*byte]).collect()
}

#[test]
fn any_pieces_make_the_same() {
    let text = "again and again ".repeat(3000);
    for coding in Coding::ALL {
        let body = coded(*coding, text.as_bytes());
        assert!(body.len() < 1000);
        for pieces in [vec![body.clone()], bytes(&body)] {
            let reply = sent(coding.name(), pieces);
            assert_eq!((reply.status(), reply.text()), (200, text.clone()));
        }
    }
}

#[test]
fn a_bomb_is_too_large() {
    for coding in Coding::ALL {
        let body = coded(*coding, &vec![0; 100_001]);
        assert_eq!(sent(coding.name(), vec![body]).status(), 413);
        let body = coded(*coding, &vec![0; 100_000]);
        assert_eq!(sent(coding.name(), vec![body]).body().len(), 100_000);
    }
}

#[test]
fn what_is_not_of_its_coding_is_malformed() {
    for coding in Coding::ALL {
        let name = coding.name();
        assert_eq!(
            sent(name, vec![b"in the clear".to_vec()]).status(),
            400,
            "{name}"
        );
        let mut body = coded(*coding, &b"cut off".repeat(100));
        body.truncate(body.len() - 3);
        assert_eq!(sent(name, bytes(&body)).status(), 400, "{name}");
        let body = [coded(*coding, b"more"), b"behind it".to_vec()].concat();
        assert_eq!(sent(name, bytes(&body)).status(), 400, "{name}");
    }
}

/// A window that RFC 7932 does not have would cost as much memory as the peer says.
#[cfg(feature = "brotli")]
#[test]
fn a_window_beyond_the_coding_is_malformed() {
    let mut body = Vec::new();
    let params = brotli::enc::BrotliEncoderParams {
        large_window: true,
        lgwin: 30,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &b"wide"[..], &mut body, &params).unwrap();
    assert_eq!(sent("br", vec![body]).status(), 400);
}

#[test]
fn others_are_refused() {
    let client = Client::new(async_fn(echo).with(Decompression::new(10)));
    for coding in ["compress", "gzip, gzip", "br, x"] {
        let reply = client
            .post("/")
            .header("content-encoding", coding)
            .body("x");
        let reply = reply.send();
        assert_eq!(reply.status(), 415);
        assert!(
            reply
                .header("accept-encoding")
                .is_some_and(|it| it.contains("gzip"))
        );
    }
}

#[test]
fn nothing_is_nothing() {
    let client = Client::new(async_fn(echo).with(Decompression::new(10)));
    let reply = client.post("/").header("content-encoding", "gzip").send();
    assert_eq!((reply.status(), reply.body().len()), (200, 0));
}
