//! Programs to measure middleware with: the variable `SHELF` says which, and `.ci/shelf` measures.
//!
//! | `SHELF` | answers |
//! |---|---|
//! | `constant` | a greeting |
//! | `layers` | the same, through eight layers that let everything pass |
//! | `cached` | the same, from a page cache |
//! | `json` | 1 MiB of JSON |
//! | `compressed` | the same, compressed by this project's middleware |
//! | `tower` | the same, compressed by tower-http's |
//! | `files` | what the directory `SHELF_FILES` holds |

use std::env;

use rgi_core::{
    App, AppExt, Body, Bytes, Environ, Error, Full, Head, HeaderValue, StartResponse, StatusCode,
    Worker, app_fn, field, layer, media,
};
use rgi_middleware::{Compression, PageCache, StaticFiles, page_cache};
use rgi_serve::{Exit, Runner};
use tower_http::compression::CompressionLayer;

fn main() -> Exit {
    match env::var("SHELF").as_deref() {
        Ok("constant") => rgi_serve::main(app_fn(greeting)),
        Ok("layers") => rgi_serve::main(app_fn(greeting).with((
            layer(calls),
            layer(heads),
            layer(calls),
            layer(heads),
            layer(calls),
            layer(heads),
            layer(calls),
            layer(heads),
        ))),
        Ok("cached") => {
            let cache = PageCache::new(page_cache::Memory::new(16 << 20));
            rgi_serve::main(app_fn(greeting).with(cache))
        }
        Ok("json") => rgi_serve::main(json()),
        Ok("compressed") => rgi_serve::main(json().with(Compression::new())),
        Ok("tower") => rgi_serve::main(json().with(rgi_tower::layer(CompressionLayer::new()))),
        Ok("files") => {
            let files = env::var_os("SHELF_FILES").unwrap_or(".".into());
            Runner::new().run(move |_: &Worker| Ok::<_, Error>(StaticFiles::new(&files)?))
        }
        _ => {
            eprintln!(
                "shelf: SHELF names no program; it is one of constant, layers, cached, json, \
                 compressed, tower, files"
            );
            Exit::Refused
        }
    }
}

fn greeting(_: Environ, start_response: StartResponse) -> Full {
    start_response
        .start(StatusCode::OK)
        .header(field::CONTENT_TYPE, media::TEXT_PLAIN)
        .header(
            field::CACHE_CONTROL,
            HeaderValue::from_static("max-age=3600"),
        )
        .full("Hello, World!\n")
}

/// Sees each request and body, and lets them pass.
fn calls<A: App>(inner: A) -> impl App<Body = impl Body> {
    inner.around(|inner, environ, start_response| inner.call(environ, start_response))
}

/// Sees each head, and lets it pass.
fn heads<A: App>(inner: A) -> impl App<Body = impl Body> {
    inner.map_start(|_: &mut Head| {})
}

/// Records as programs have them: no two alike, and much that is.
fn json() -> impl App<Body = Full> + Clone + Send + Sync {
    let mut text = String::from("[");
    for id in 0u32.. {
        let number = id.wrapping_mul(2_654_435_761);
        let record = format!(
            r#"{{"id":{id},"name":"name {number:08x}","tags":["red","green"],"price":{},"stock":{}}}"#,
            number % 9973,
            number % 3 == 0,
        );
        if text.len() + record.len() + 2 > 1 << 20 {
            break;
        }
        text.push_str(&record);
        text.push(',');
    }
    text.pop();
    text.push(']');
    let text = Bytes::from(text);
    app_fn(move |_: Environ, start_response: StartResponse| {
        start_response
            .start(StatusCode::OK)
            .header(field::CONTENT_TYPE, media::JSON)
            .full(text.clone())
    })
}
