//! Bodies of requests: as a whole, as a stream, and as files of a form.

use std::pin::Pin;

use axum::body::{Body, HttpBody};
use axum::extract::Multipart;
use axum::extract::multipart::MultipartError;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;

/// Takes the whole body.
pub(crate) async fn whole(headers: HeaderMap, body: Bytes) -> String {
    let kind = headers
        .get("content-type")
        .and_then(|kind| kind.to_str().ok());
    format!("{} bytes of {}\n", body.len(), kind.unwrap_or("nothing"))
}

/// Takes the body block by block, and keeps none of it.
pub(crate) async fn measure(mut body: Body) -> Result<String, StatusCode> {
    let (mut bytes, mut sum) = (0, 0_u8);
    while let Some(frame) =
        std::future::poll_fn(|cx| HttpBody::poll_frame(Pin::new(&mut body), cx)).await
    {
        let frame = frame.map_err(|_| StatusCode::BAD_REQUEST)?;
        for byte in frame.into_data().unwrap_or_default() {
            bytes += 1;
            sum = sum.wrapping_add(byte);
        }
    }
    Ok(format!("{bytes} bytes, sum {sum}\n"))
}

/// Takes the files of a form, each block by block.
pub(crate) async fn files(mut form: Multipart) -> Result<String, MultipartError> {
    let mut told = String::new();
    while let Some(mut field) = form.next_field().await? {
        let name = field.name().unwrap_or("nameless").to_owned();
        let file = field.file_name().unwrap_or("no file").to_owned();
        let mut bytes = 0;
        while let Some(chunk) = field.chunk().await? {
            bytes += chunk.len();
        }
        told.push_str(&format!("{name}: {file}, {bytes} bytes\n"));
    }
    Ok(told)
}

/// Sends back what comes, block by block.
pub(crate) async fn echo(body: Body) -> Body {
    body
}
