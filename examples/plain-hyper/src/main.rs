//! A server that knows nothing of RGI, to be tried by `rgi-conformance replay`: hyper, and an
//! application that reads each request's body to its end and answers 200.

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;

async fn answer(request: Request<Incoming>) -> hyper::Result<Response<Empty<Bytes>>> {
    request.into_body().collect().await?;
    let response = Response::builder().header("x-rgi-app", "plain");
    Ok(response.body(Empty::new()).expect("a right response"))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:3000".into());
    let listener = tokio::net::TcpListener::bind(address).await?;
    loop {
        let stream = TokioIo::new(listener.accept().await?.0);
        tokio::spawn(http1::Builder::new().serve_connection(stream, service_fn(answer)));
    }
}
