//! What is only read: the entries, and what belongs to each page.

use rgi_core::{Environ, Error, Full, HeaderValue, StartResponse, StatusCode, field, media};
use rgi_middleware::sessions::Session;

use crate::csrf::TOKEN;
use crate::db::{At, Db};
use crate::sign::{NAME, SIGNED};
use crate::view;

/// For everybody: kept by the page cache for some seconds, by browsers only if it is still the same.
const SHARED: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=10");

/// For one visitor.
pub(crate) const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// For one visitor, with a secret next to what visitors wrote: compressed, its length would tell.
pub(crate) const SECRET: HeaderValue = HeaderValue::from_static("no-store, no-transform");

const ASSET: HeaderValue = HeaderValue::from_static("public, max-age=600");
const CSS: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");
const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");

/// A page of entries. Who has a session, as all who sign have, gets one made for the request, and finds
/// the own entry in it, whatever process answers. All others get the page that is kept.
pub(crate) fn list(
    db: &Db,
    environ: Environ,
    start_response: StartResponse,
) -> Result<Full, Error> {
    let Some(at) = at(environ.query().unwrap_or_default()) else {
        let page = view::problem(
            &environ,
            "No such page",
            "Pages are linked by their entries.",
        );
        return Ok(html(start_response, StatusCode::BAD_REQUEST, PRIVATE, page));
    };
    let session = session(&environ)?;
    let mut thanks = None;
    if session.get(SIGNED).is_some() {
        session.remove(SIGNED)?;
        thanks = session.get(NAME);
    }
    let cached = match session.get(TOKEN) {
        Some(_) => PRIVATE,
        None => SHARED,
    };
    let page = view::list(&environ, at, &db.list(at)?, thanks.as_deref());
    Ok(html(start_response, StatusCode::OK, cached, page))
}

/// The page that a query asks for; `None` if there can be none.
fn at(query: &str) -> Option<At> {
    let mut at = At::NEWEST;
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("before", id)) => at = At::Before(id.parse().ok()?),
            Some(("after", id)) => at = At::After(id.parse().ok()?),
            _ => {}
        }
    }
    Some(at)
}

/// 404
pub(crate) fn not_found(environ: Environ, start_response: StartResponse) -> Full {
    let page = view::problem(&environ, "No such page", "The guestbook has no page here.");
    html(start_response, StatusCode::NOT_FOUND, PRIVATE, page)
}

/// The style sheet.
pub(crate) fn style(_: Environ, start_response: StartResponse) -> Full {
    asset(start_response, CSS, include_str!("style.css"))
}

/// The picture in the browser's tab.
pub(crate) fn icon(_: Environ, start_response: StartResponse) -> Full {
    asset(start_response, SVG, include_str!("icon.svg"))
}

fn asset(start_response: StartResponse, kind: HeaderValue, text: &'static str) -> Full {
    start_response
        .start(StatusCode::OK)
        .header(field::CONTENT_TYPE, kind)
        .header(field::CACHE_CONTROL, ASSET)
        .full(text)
}

/// A page of HTML.
pub(crate) fn html(
    start_response: StartResponse,
    status: StatusCode,
    cached: HeaderValue,
    page: maud::Markup,
) -> Full {
    start_response
        .start(status)
        .header(field::CONTENT_TYPE, media::TEXT_HTML)
        .header(field::CACHE_CONTROL, cached)
        .full(page.into_string())
}

/// The visitor's session.
pub(crate) fn session(environ: &Environ) -> Result<Session, Error> {
    Session::of(environ).ok_or_else(|| Error::misuse("the guestbook stands behind `Sessions`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_name_pages() {
        assert_eq!(at(""), Some(At::NEWEST));
        assert_eq!(at("lang=en&before=7"), Some(At::Before(7)));
        assert_eq!(at("after=7"), Some(At::After(7)));
        assert_eq!(at("before=seven"), None);
    }
}
