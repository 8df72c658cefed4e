//! The form, and what comes of it.

use std::io::Read as _;

use rgi_core::{Environ, Error, Full, HeaderValue, StartResponse, StatusCode, field};

use crate::db::Db;
use crate::form::{Faults, Form};
use crate::pages::{SECRET, html, session};
use crate::{csrf, view};

/// The name that a visitor signed with, in the session: the form has it the next time.
pub(crate) const NAME: &str = "name";

/// In the session of who has just signed, until the next page has said so.
pub(crate) const SIGNED: &str = "signed";

/// The empty form.
pub(crate) fn form(environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
    let session = session(&environ)?;
    let form = Form {
        name: session.get(NAME).unwrap_or_default(),
        message: String::new(),
        token: csrf::token(&session)?,
        number: Some(csrf::random()?),
    };
    let page = view::form(&environ, &form, &Faults::default());
    Ok(html(start_response, StatusCode::OK, SECRET, page))
}

/// A form that was filled in: an entry and the way to it, or the form again with what is wrong about it.
pub(crate) fn sign(
    db: &Db,
    mut environ: Environ,
    start_response: StartResponse,
) -> Result<Full, Error> {
    let session = session(&environ)?;
    let mut body = Vec::new();
    environ.input().reader().read_to_end(&mut body)?;
    let form = Form::parse(&body);
    let is_ours = csrf::is_ours(&environ, &session, &form.token);
    let Some(number) = form.number.filter(|_| is_ours) else {
        let text = "It was sent from another site's page, or from one that is too old. \
                    Nothing was written. Please open the form anew.";
        let page = view::problem(&environ, "This form is not ours", text);
        return Ok(html(start_response, StatusCode::FORBIDDEN, SECRET, page));
    };
    let again = |start_response, form: Form, faults: Faults| {
        let page = view::form(&environ, &form, &faults);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Ok(html(start_response, status, SECRET, page))
    };
    let faults = form.faults();
    if !faults.is_empty() {
        return again(start_response, form, faults);
    }
    let Some(id) = db.add(number, &form.name, &form.message)? else {
        // Who went back to the form may want to say more.
        let faults = Faults {
            message: Some("You have signed with this form. Sign again for another entry.".into()),
            ..Faults::default()
        };
        let number = Some(csrf::random()?);
        return again(start_response, Form { number, ..form }, faults);
    };
    session.set(NAME, form.name)?;
    session.set(SIGNED, "")?;
    // Another GET, so that who reloads the page does not sign again.
    let location = format!("{}/#entry-{id}", environ.script_name());
    Ok(start_response
        .start(StatusCode::SEE_OTHER)
        .header(field::LOCATION, HeaderValue::try_from(location)?)
        .empty())
}
