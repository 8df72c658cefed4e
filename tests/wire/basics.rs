//! Long pipelines, and what the environ says of the server.

use rgi_core::{Environ, StartResponse, StatusCode, app_fn};

use crate::server::{HYPER, MULTITHREAD, NAME, SERIAL};
use crate::wire::support::{serve, serve_with};

#[test]
fn many_pipelined_requests_of_a_client_that_reads_late() {
    let server = serve(app_fn(|_: Environ, s: StartResponse| {
        s.start(StatusCode::OK).full(vec![b'x'; 4096])
    }));
    let mut client = server.connect();
    let mut writer = client.tcp().try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        use std::io::Write;
        for _ in 0..5000 {
            writer
                .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                .unwrap();
        }
    });
    for _ in 0..5000 {
        assert_eq!(client.reply().body.len(), 4096);
    }
    sender.join().unwrap();
}

#[test]
fn the_environ_tells_the_facts() {
    let server = serve_with(
        |config| {
            config.vars.push(("deployer".into(), "me".into()));
            config.multiprocess = true;
        },
        app_fn(|e: Environ, s: StartResponse| {
            let info = e.server();
            assert!(info.software.starts_with(NAME));
            assert_eq!(info.sendfile, !HYPER);
            assert!(info.informational && info.upgrade);
            // actix-http has none.
            assert_eq!(info.trailers, NAME != "rgi-actix/");
            assert!(info.told_of_disconnect);
            // Who may be held up by one request reads it before the application does.
            assert_eq!(info.may_block, SERIAL);
            assert_eq!([info.reentrant, info.lazy_continue], [!SERIAL; 2]);
            assert_eq!(e.var("deployer"), Some("me"));
            let (remote, local) = (e.remote(), e.local());
            let (threads, processes) = (info.multithread, info.multiprocess);
            let text = format!("{remote} {local} {} {threads} {processes}", e.url());
            s.start(StatusCode::OK).full(text)
        }),
    );
    let mut client = server.connect();
    client.send("GET /p?q HTTP/1.1\r\nHost: there:1\r\n\r\n");
    let (here, there) = (client.tcp().local_addr().unwrap(), server.address);
    client.reply().assert(
        200,
        &format!("{here} {there} http://there:1/p?q {MULTITHREAD} true"),
    );
}
