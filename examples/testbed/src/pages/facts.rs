//! What the application is told, and what it keeps.

use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use rgi_core::{BoxBody, Environ, Method, ServerInfo, StartResponse};
use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::{answer, stats};

/// The request as it was handed over, and who handles it.
pub(crate) fn environ(environ: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    let headers: Vec<_> = environ
        .headers()
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    let value = json!({
        "method": environ.method().as_str(),
        "target": environ.target(),
        "script_name": environ.script_name(),
        "path_info": environ.path_info(),
        "query": environ.query(),
        "version": format!("{:?}", environ.version()),
        "scheme": environ.scheme().as_str(),
        "headers": headers,
        "peer": environ.remote().to_string(),
        "local": environ.local().to_string(),
        "server": server(environ.server()),
        "pid": process::id(),
        "thread": thread_name(),
    });
    Ok(answer::json(start_response, &value).into())
}

fn server(info: &ServerInfo) -> Value {
    json!({
        "software": info.software,
        "multithread": info.multithread,
        "multiprocess": info.multiprocess,
        "process": info.process,
        "reentrant": info.reentrant,
        "may_block": info.may_block,
        "run_once": info.run_once,
        "sendfile": info.sendfile,
        "informational": info.informational,
        "trailers": info.trailers,
        "upgrade": info.upgrade,
        "lazy_continue": info.lazy_continue,
        "told_of_disconnect": info.told_of_disconnect,
        "http2": info.http2,
    })
}

/// The name of this thread, or its number where it has none.
fn thread_name() -> String {
    let thread = thread::current();
    match thread.name() {
        Some(name) => name.to_owned(),
        None => format!("{:?}", thread.id()),
    }
}

/// The counts of this process.
pub(crate) fn stats(_: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    Ok(answer::json(start_response, &stats::report()).into())
}

/// GETs of [`counter`] in this process.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// State where it should not be. A HEAD changes nothing (RFC 9110 9.2.1) and is told what a GET
/// would see.
pub(crate) fn counter(environ: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    let before = match *environ.method() {
        Method::GET => COUNTER.fetch_add(1, Ordering::Relaxed),
        _ => COUNTER.load(Ordering::Relaxed),
    };
    let value = json!({
        "count": before + 1,
        "pid": process::id(),
        "note": "Kept in this process: two processes disagree, and a restart begins anew. \
                 State that requests share belongs in a store.",
    });
    Ok(answer::json(start_response, &value).into())
}
