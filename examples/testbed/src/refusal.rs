//! What is said to a request that gets no page.

use rgi_core::{Error, Fallback, FieldName, Full, HeaderValue, StatusCode, field, media};

/// Why a request gets no page: a status, a line of text, and maybe a field.
///
/// It goes to the client word for word, unlike an [`Error`], whose text is for the log.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    text: String,
    field: Option<(FieldName, HeaderValue)>,
}

impl Refusal {
    /// 400: `text` says what would be right.
    pub(crate) fn bad_request(text: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, text)
    }

    /// 404
    pub(crate) fn not_found() -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "there is no such page")
    }

    /// 405: `allow` lists the methods that the page has.
    pub(crate) fn method_not_allowed(allow: &'static str) -> Refusal {
        let text = format!("this page takes {allow}");
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, text)
            .with(field::ALLOW, HeaderValue::from_static(allow))
    }

    /// 501: this server, as it was started, lacks what the page shows.
    pub(crate) fn not_implemented(text: &'static str) -> Refusal {
        Refusal::new(StatusCode::NOT_IMPLEMENTED, text)
    }

    /// A refusal with a status of its own.
    pub(crate) fn new(status: StatusCode, text: impl Into<String>) -> Refusal {
        Refusal {
            status,
            text: text.into(),
            field: None,
        }
    }

    /// Adds a header field.
    pub(crate) fn with(mut self, name: FieldName, value: HeaderValue) -> Refusal {
        self.field = Some((name, value));
        self
    }

    /// The answer. Its text is also the cause that the server's log and the hooks are told.
    pub(crate) fn answer(self, fallback: Fallback) -> Full {
        let cause = Error::new(self.text.clone()).with_status(self.status);
        let mut started = fallback
            .start(self.status, cause)
            .header(field::CONTENT_TYPE, media::TEXT_PLAIN);
        if let Some((name, value)) = self.field {
            started = started.header(name, value);
        }
        started.full(self.text + "\n")
    }
}
