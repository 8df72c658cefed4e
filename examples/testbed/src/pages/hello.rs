//! Answers that are there at once.

use rgi_core::{BodyExt, BoxBody, Environ, Method, StartResponse, StatusCode, field, media};

use super::body;
use crate::answer;
use crate::refusal::Refusal;

/// What stands before the code in the path of a [`status`].
pub(crate) const STATUS: &str = "/status/";

/// What benchmarks ask for: no box, nothing copied. A POST gets its body back.
pub(crate) fn root(environ: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    if *environ.method() == Method::POST {
        return body::echo(environ, start_response);
    }
    Ok(answer::text(start_response, "Hello, World!").into())
}

/// The same as JSON.
pub(crate) fn json(_: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    let started = start_response
        .start(StatusCode::OK)
        .header(field::CONTENT_TYPE, media::JSON);
    Ok(started.full(r#"{"message":"Hello, World!"}"#).into())
}

/// The status that the path names, bare: without the fields that some of them want.
pub(crate) fn status(environ: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    let code = environ.path_info().strip_prefix(STATUS).unwrap_or("");
    let status = final_status(code).ok_or_else(|| {
        Refusal::bad_request(format!(
            "a status is a number from 200 to 599, and this is `{code}`"
        ))
    })?;
    let started = start_response.start(status);
    Ok(match status {
        // They have no content, and what a length would speak of is not to be had here.
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED => {
            started.empty().erased()
        }
        _ => started
            .header(field::CONTENT_TYPE, media::TEXT_PLAIN)
            .full(format!("{status}\n"))
            .erased(),
    })
}

/// A status that can be an answer: 1xx announce one (RFC 9110 15.2), and classes end at 5xx.
fn final_status(code: &str) -> Option<StatusCode> {
    let status = StatusCode::from_bytes(code.as_bytes()).ok()?;
    (200..600).contains(&status.as_u16()).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_codes_from_200_to_599() {
        for code in ["200", "204", "418", "599"] {
            assert!(final_status(code).is_some(), "{code}");
        }
        for code in [
            "", "0", "100", "101", "103", "199", "600", "999", "20", "2000", "+20", "0200", "abc",
            "200/",
        ] {
            assert!(final_status(code).is_none(), "{code}");
        }
    }
}
