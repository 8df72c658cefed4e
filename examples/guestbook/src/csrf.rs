//! Whether a form was sent from a page of ours, by its visitor: other sites' pages can send forms
//! here, too, along with the visitor's cookie (cross-site request forgery).

use rgi_core::{Environ, Error};
use rgi_middleware::auth::is_same;
use rgi_middleware::sessions::Session;

/// Its name in the session and in the form.
pub(crate) const TOKEN: &str = "token";

/// The token of a session: 128 random bits, made with its first form. Other sites cannot read it.
pub(crate) fn token(session: &Session) -> Result<String, Error> {
    if let Some(token) = session.get(TOKEN) {
        return Ok(token);
    }
    let token = format!("{:032x}", random()?);
    session.set(TOKEN, &*token)?;
    Ok(token)
}

/// 128 random bits.
pub(crate) fn random() -> Result<u128, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(u128::from_ne_bytes(bytes))
}

/// Whether a form with this token is the session's, and the browser, if it says where the form is
/// from, says that it is from here.
pub(crate) fn is_ours(environ: &Environ, session: &Session, token: &str) -> bool {
    let known = session.get(TOKEN);
    let is_known = known.is_some_and(|known| is_same(known.as_bytes(), token.as_bytes()));
    is_known && is_from_here(environ)
}

/// By Fetch Metadata, which browsers send over https and to the own machine; else by the page's origin,
/// of which the host is compared: the scheme may be a proxy's.
fn is_from_here(environ: &Environ) -> bool {
    if let Some(site) = environ.header("sec-fetch-site") {
        return site == b"same-origin";
    }
    let Some(origin) = environ.header("origin") else {
        return true;
    };
    let origin = str::from_utf8(origin).unwrap_or_default();
    let host = origin.split_once("://").map(|(_, host)| host.as_bytes());
    host.is_some() && host == environ.header("host")
}
