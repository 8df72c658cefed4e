#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod csrf;
mod db;
mod form;
mod pages;
mod sign;
mod view;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rgi_core::{App, AppExt, Body, Error, HeaderValue, Worker, app_fn, async_fn, blocking};
use rgi_middleware::page_cache::Memory;
use rgi_middleware::{
    BodyLimit, Compression, Conditional, HeadFromGet, PageCache, Router, SecurityHeaders, Sessions,
};
use rgi_serve::{Exit, Runner};

use db::Db;

/// Names the file of the database; `guestbook.db` where it is not set.
const DATABASE: &str = "GUESTBOOK_DB";

/// Bytes of the longest form: several times of what is taken, so that most who write too much get it back
/// with a word about it.
const LONGEST_FORM: u64 = 64 * 1024;

/// Nothing but a style sheet and a picture of its own is loaded, and forms go nowhere else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Serves the guestbook until a signal ends it, with the settings of the command line, the environment
/// and the configuration file.
pub fn serve() -> Exit {
    let database = std::env::var_os(DATABASE).unwrap_or("guestbook.db".into());
    let database = PathBuf::from(database);
    // One for all workers of a process: who signs at one has the newest page forgotten for all.
    let cache = PageCache::new(Memory::new(16 << 20));
    Runner::new()
        .version(env!("CARGO_PKG_VERSION"))
        .run(move |_: &Worker| app(&database, &cache))
}

/// The application of one worker, with connections of its own to the database: none outlives a fork.
///
/// # Errors
///
/// If the database cannot be opened.
pub fn app(
    database: &Path,
    cache: &PageCache,
) -> Result<
    impl App<Body = impl Body + Send + 'static + use<>> + Send + Sync + 'static + use<>,
    Error,
> {
    let db = Arc::new(Db::open(database)?);
    let sessions = Sessions::in_cookie(db.key()?);
    let (reads, writes) = (db.clone(), db);
    // What asks the database blocks: in place where the server may, and lifted elsewhere.
    let router = Router::new()
        .get("/", blocking(move |e, s| pages::list(&reads, e, s)))
        .get("/sign", async_fn(async |e, s| sign::form(e, s)))
        .post("/sign", blocking(move |e, s| sign::sign(&writes, e, s)))
        .get("/style.css", app_fn(pages::style))
        .get("/icon.svg", app_fn(pages::icon))
        .fallback(app_fn(pages::not_found))
        .build()?;
    Ok(router.with((
        HeadFromGet::new(),
        SecurityHeaders::new().content_security_policy(HeaderValue::from_static(POLICY)),
        Conditional::new(),
        Compression::new(),
        cache,
        sessions,
        BodyLimit::new(LONGEST_FORM),
    )))
}
