//! Applications inside an actix-web program, beside handlers of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::{App, HttpServer, dev, rt, web};
use rgi_core::{
    Environ, Error, Full, StartResponse, StatusCode, app_fn, async_fn, blocking, field,
};

/// What an application is asked, and where.
fn asked(environ: Environ, start_response: StartResponse) -> Full {
    let info = environ.server();
    let facts = [
        info.lazy_continue,
        info.trailers,
        info.informational,
        info.upgrade,
        info.told_of_disconnect,
    ];
    let text = format!(
        "{} {:?} {:?} {:?} {} {}",
        environ.method(),
        environ.script_name(),
        environ.path_info(),
        environ.query().unwrap_or_default(),
        environ.header("x-a").is_some(),
        facts.contains(&true),
    );
    let started = start_response.start(StatusCode::OK);
    started
        .header(field::SERVER, "shop".parse().expect("a value"))
        .full(text)
}

/// Gives back what it is sent, block by block.
async fn echo(mut environ: Environ, start_response: StartResponse) -> Result<Echo, Error> {
    Ok(start_response
        .start(StatusCode::OK)
        .stream(environ.take_input()))
}

type Echo = rgi_core::Streaming<rgi_core::Input>;

fn fails(_: Environ, _: StartResponse) -> Full {
    panic!("on purpose")
}

fn waits(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
    let mut body = String::new();
    environ.input().reader().read_to_string(&mut body)?;
    let name = std::thread::current().name().map(str::to_owned);
    let text = format!("{body} on {}", name.unwrap_or_default());
    Ok(start_response.start(StatusCode::OK).full(text))
}

struct Running {
    address: SocketAddr,
    handle: dev::ServerHandle,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Running {
    fn start() -> Running {
        let (told, tell) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            rt::System::new().block_on(async move {
                let server = HttpServer::new(|| {
                    let shop = web::scope("/a{b}c/x y")
                        .route(
                            "/native",
                            web::get().to(async || "of the program's in the scope"),
                        )
                        .service(rgi_actix::service(app_fn(asked)));
                    App::new()
                        .route("/native", web::get().to(async || "of the program's"))
                        .service(shop)
                        .service(web::scope("/echo").service(rgi_actix::service(async_fn(echo))))
                        .service(web::scope("/fails").service(rgi_actix::service(app_fn(fails))))
                        .service(web::scope("/waits").service(rgi_actix::service(blocking(waits))))
                        .service(rgi_actix::service(app_fn(asked)))
                });
                let server = server.workers(2).disable_signals().bind("127.0.0.1:0")?;
                let address = server.addrs()[0];
                let server = server.run();
                told.send((address, server.handle()))
                    .expect("the test waits");
                server.await
            })
        });
        let (address, handle) = tell.recv().expect("the server starts");
        Running {
            address,
            handle,
            thread: Some(thread),
        }
    }

    /// What comes back for these bytes, until the server closes.
    fn ask(&self, bytes: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    }

    fn get(&self, target: &str) -> String {
        self.ask(&format!(
            "GET {target} HTTP/1.1\r\nHost: a\r\nX-A: b\r\nConnection: close\r\n\r\n"
        ))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap().unwrap();
        }
    }
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").expect("a head").1
}

#[test]
fn what_scopes_match_is_the_script_name() {
    let server = Running::start();
    let shop = server.get("/a1c/x%20y/items/%2F?q=1");
    assert!(shop.starts_with("HTTP/1.1 200 OK\r\n"), "{shop}");
    assert!(shop.contains("\r\nserver: shop\r\n"), "{shop}");
    let told = r#"GET "/a1c/x%20y" "/items/%2F" "q=1" true false"#;
    assert_eq!(body(&shop), told);
    let root = server.get("/elsewhere?");
    assert_eq!(body(&root), r#"GET "" "/elsewhere" "" true false"#);
}

#[test]
fn handlers_before_it_are_the_programs() {
    let server = Running::start();
    assert_eq!(body(&server.get("/native")), "of the program's");
    let scoped = server.get("/a1c/x%20y/native");
    assert_eq!(body(&scoped), "of the program's in the scope");
}

#[test]
fn bodies_stream_both_ways() {
    let server = Running::start();
    let sent = "x".repeat(300_000);
    let answer = server.ask(&format!(
        "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{sent}",
        sent.len()
    ));
    assert!(answer.contains("\r\ntransfer-encoding: chunked\r\n"));
    let mut data = String::new();
    let mut rest = body(&answer);
    while let Some((size, more)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        data.push_str(&more[..size]);
        rest = more[size..].strip_prefix("\r\n").unwrap();
        if size == 0 {
            break;
        }
    }
    assert_eq!(rest, "");
    assert!(data == sent);
}

#[test]
fn a_panic_is_500_and_what_is_malformed_400() {
    let server = Running::start();
    let failed = server.get("/fails");
    assert!(
        failed.starts_with("HTTP/1.1 500 Internal Server Error\r\n"),
        "{failed}"
    );
    let refused = server.ask("GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n");
    assert!(
        refused.starts_with("HTTP/1.1 400 Bad Request\r\n"),
        "{refused}"
    );
}

#[test]
fn what_blocks_runs_on_the_pool() {
    let server = Running::start();
    let answer = server.ask(
        "POST /waits HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
         Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    );
    assert_eq!(body(&answer), "ab on rgi-blocking");
}
