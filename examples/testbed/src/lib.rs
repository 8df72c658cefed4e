#![doc = include_str!("../README.md")]
//!
//! # How it is made
//!
//! [`app`] is a router with two middleware around it, beside the applications of the conformance
//! suite: a request that names a case of it goes there. `router` picks a page by `path_info`, a page
//! is a function in `pages`, and what a page will not do is a `Refusal`, answered in one place. What
//! is kept between requests is the process's: the counts of `stats`, the file of `pages::file`.
#![forbid(unsafe_code)]

mod answer;
mod pages;
mod query;
mod range;
mod refusal;
mod router;
mod serve;
mod stats;

use rgi_conformance::{Site, X_RGI_CASE};
use rgi_core::{App, AppExt, Body, Either, FieldName, Head, HeaderValue, app_fn, layer};

pub use serve::serve;

const X_RGI_APP: FieldName = FieldName::from_static("x-rgi-app");

/// The application, for any server, and for [`rgi_core::testing::Client`].
///
/// Counts and files are shared by all that one process makes.
pub fn app() -> impl App<Body = impl Body + Send + 'static> + Send + Sync + 'static {
    let pages = app_fn(router::route).with((layer(named), layer(stats::counted)));
    let site = Site::new().into_app();
    app_fn(
        move |environ, start_response| match environ.header(X_RGI_CASE) {
            None => Either::left(pages.call(environ, start_response)),
            Some(_) => Either::right(site.call(environ, start_response)),
        },
    )
}

/// Says in each answer who made it. The server's own answers, such as the 500 for a page that
/// failed, pass by here and stay unnamed.
fn named<A: App>(inner: A) -> impl App<Body = impl Body> {
    inner.map_start(|head: &mut Head| {
        head.append(X_RGI_APP, HeaderValue::from_static("testbed"));
    })
}
