//! What a case is.

use rgi_core::server::Config;
use rgi_core::{BoxBody, Environ, StartResponse};

use crate::Client;

/// One case.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its name, as a test's: what is proved.
    pub name: &'static str,
    /// The same as a sentence.
    pub says: &'static str,
    /// The rules of RGI it proves, by number.
    pub rules: &'static [u16],
    /// What it is about.
    pub kind: Kind,
    /// The facts (`ServerInfo`) a server must have to be held to it, by name: `!name` must be false,
    /// of `one|other` either must be so. `tcp` is so of connections over TCP.
    pub needs: &'static [&'static str],
    /// Settings that it wants otherwise. A server that is running already cannot be held to it.
    pub settings: Option<fn(&mut Config)>,
    /// The application.
    pub app: fn(Environ, StartResponse) -> BoxBody,
    /// What the client does.
    pub client: fn(&mut Client<'_>),
    /// Checks of the lint that the application trips, by design. Those of servers it never may.
    pub breaks: &'static [&'static str],
    /// What is seen then, a line each. White space around lines counts for nothing. `{root}` is the
    /// prefix under which the application stands. A status may be one of several, `400|505`, and `_`
    /// stands for any number. A line behind `?` may be missing: what servers should not do, and may.
    pub expect: &'static str,
}

/// What a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Application and server: requests that any client could make, and their answers.
    App,
    /// Bytes on a connection.
    Wire,
    /// Frames on a connection of HTTP/2, which the server must speak (the fact `http2`).
    Http2,
}

impl Case {
    /// A case of application and server, to be completed.
    pub const APP: Case = Case {
        name: "",
        says: "",
        rules: &[],
        kind: Kind::App,
        needs: &[],
        settings: None,
        app: |_, start_response| {
            BoxBody::from(
                start_response
                    .start(rgi_core::StatusCode::NO_CONTENT)
                    .empty(),
            )
        },
        client: |_| {},
        breaks: &[],
        expect: "",
    };

    /// A case of bytes on a connection, to be completed.
    pub const WIRE: Case = Case {
        kind: Kind::Wire,
        ..Case::APP
    };

    /// A case of frames on a connection of HTTP/2, to be completed.
    pub(crate) const HTTP2: Case = Case {
        kind: Kind::Http2,
        needs: &["http2"],
        ..Case::APP
    };
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case")
            .field("name", &self.name)
            .field("rules", &self.rules)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// All cases, in the order of their topics.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    crate::cases::TOPICS.iter().flat_map(|topic| topic.iter())
}

/// The case of a name.
pub(crate) fn case(name: &str) -> Option<&'static Case> {
    cases().find(|case| case.name == name)
}
