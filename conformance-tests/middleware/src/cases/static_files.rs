//! Files below a directory.

use std::sync::OnceLock;

use rgi_conformance::Case;
use rgi_core::{AppExt, BoxBody, Environ, Head, StartResponse, app_fn, field};
use rgi_middleware::{Compression, StaticFiles};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "static_files_are_found",
        says: "a file is sent, whole or a part of it; a directory is its index, with a slash",
        app: site,
        client: |c| {
            c.get("/hello.txt");
            c.head("/hello.txt");
            c.ask("GET", "/hello.txt")
                .field("range", "bytes=7-11")
                .send();
            c.get("/sub/");
            c.get("/sub");
        },
        expect: r#"
            200
            accept-ranges: bytes
            content-length: 14
            content-type: text/plain; charset=utf-8
            x-content-type-options: nosniff
            "Hello, World!\n"
            200
            accept-ranges: bytes
            content-length: 14
            content-type: text/plain; charset=utf-8
            x-content-type-options: nosniff
            206
            accept-ranges: bytes
            content-length: 5
            content-range: bytes 7-11/14
            content-type: text/plain; charset=utf-8
            x-content-type-options: nosniff
            "World"
            200
            accept-ranges: bytes
            content-length: 6
            content-type: text/html; charset=utf-8
            x-content-type-options: nosniff
            "index\n"
            301
            content-length: 18
            content-type: text/plain; charset=utf-8
            location: {root}/sub/
            "Moved Permanently\n"
        "#,
        ..Case::APP
    },
    Case {
        name: "static_files_are_not_compressed_by_any_method",
        says: "the HEAD of a file is that of its GET, with compression around it, too",
        app: |environ, start_response| {
            let compressed = app_fn(site).with(Compression::new().least(1));
            super::call(compressed, environ, start_response)
        },
        client: |c| {
            for method in ["GET", "HEAD"] {
                c.ask(method, "/hello.txt")
                    .field("accept-encoding", "gzip")
                    .send();
            }
        },
        expect: r#"
            200
            accept-ranges: bytes
            content-length: 14
            content-type: text/plain; charset=utf-8
            x-content-type-options: nosniff
            "Hello, World!\n"
            200
            accept-ranges: bytes
            content-length: 14
            content-type: text/plain; charset=utf-8
            x-content-type-options: nosniff
        "#,
        ..Case::APP
    },
    Case {
        name: "static_files_have_no_way_out",
        says: "what is not below the directory is not found, and other methods are refused",
        app: site,
        client: |c| {
            c.get("/../Cargo.toml");
            c.get("/%2e%2e/Cargo.toml");
            c.get("/..%2fCargo.toml");
            c.post("/hello.txt", "x");
            c.get("/sub/../hello.txt");
            c.get("//");
        },
        expect: r#"
            404
            content-length: 10
            content-type: text/plain; charset=utf-8
            "Not Found\n"
            404
            content-length: 10
            content-type: text/plain; charset=utf-8
            "Not Found\n"
            404
            content-length: 10
            content-type: text/plain; charset=utf-8
            "Not Found\n"
            405
            allow: GET, HEAD
            content-length: 19
            content-type: text/plain; charset=utf-8
            "Method Not Allowed\n"
            404
            content-length: 10
            content-type: text/plain; charset=utf-8
            "Not Found\n"
            404
            content-length: 10
            content-type: text/plain; charset=utf-8
            "Not Found\n"
        "#,
        ..Case::APP
    },
];

fn site(environ: Environ, start_response: StartResponse) -> BoxBody {
    static FILES: OnceLock<StaticFiles> = OnceLock::new();
    let files = FILES.get_or_init(|| {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/site");
        StaticFiles::new(root).expect("the directory of this package")
    });
    // They are those of the day this was checked out.
    let undated = files.map_start(|head: &mut Head| {
        head.remove(&field::ETAG);
        head.remove(&field::LAST_MODIFIED);
    });
    super::call(undated, environ, start_response)
}
