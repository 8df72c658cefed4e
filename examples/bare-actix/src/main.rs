//! The yardstick: actix-web alone, with one worker, answering what `hello` answers.
//!
//! `cargo run --release -p bare-actix -- 127.0.0.1:8000`

use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::{App, HttpResponse, HttpServer, rt, web};

async fn hello() -> HttpResponse {
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, text))
        .body("Hello, World!\n")
}

fn main() -> std::io::Result<()> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    let server = || App::new().default_service(web::to(hello));
    rt::System::new().block_on(HttpServer::new(server).workers(1).bind(address)?.run())
}
