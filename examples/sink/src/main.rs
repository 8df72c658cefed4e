//! Reads the body of every request as it arrives and answers with its length and digest.

use std::future::poll_fn;

use rgi_core::{
    Bytes, Environ, Error, FieldName, Full, HeaderValue, StartResponse, StatusCode, async_fn,
    field, media,
};
use sha2::{Digest, Sha256};

const X_RGI_APP: FieldName = FieldName::from_static("x-rgi-app");

async fn sink(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
    let input = environ.input();
    let mut digest = Sha256::new();
    while let Some(chunk) = poll_fn(|cx| input.poll_chunk(cx)).await {
        digest.update(chunk?);
    }
    let length = input.consumed();
    let sha256 = Bytes::copy_from_slice(&digest.finalize());
    Ok(start_response
        .start(StatusCode::OK)
        .header(field::CONTENT_TYPE, media::JSON)
        .header(X_RGI_APP, HeaderValue::from_static("sink"))
        .full(format!(
            "{{\"length\":{length},\"sha256\":\"{sha256:x}\"}}\n"
        )))
}

fn main() -> rgi_serve::Exit {
    rgi_serve::main(async_fn(sink))
}

#[cfg(test)]
mod tests {
    use rgi_core::testing::Client;

    use super::*;

    #[test]
    fn the_body_is_digested() {
        let client = Client::new(async_fn(sink));
        let reply = client.post("/any").chunks(["a", "bc"]).send();
        assert_eq!(reply.status(), StatusCode::OK);
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("x-rgi-app"), Some("sink"));
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            reply.text(),
            "{\"length\":3,\"sha256\":\
             \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}\n"
        );
    }

    #[test]
    fn no_body_is_one_too() {
        let reply = Client::new(async_fn(sink)).get("/").send();
        assert!(
            reply
                .text()
                .starts_with("{\"length\":0,\"sha256\":\"e3b0c442")
        );
    }

    #[test]
    fn what_is_wrong_with_a_body_is_the_answer() {
        let client = Client::new(async_fn(sink));
        for (error, status) in [
            (Error::malformed("a chunk size"), StatusCode::BAD_REQUEST),
            (Error::too_large("3 bytes"), StatusCode::PAYLOAD_TOO_LARGE),
        ] {
            let reply = client.post("/").chunks(["a"]).break_off(error).send();
            assert_eq!(reply.status(), status);
        }
    }
}
