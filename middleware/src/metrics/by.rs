//! What requests are counted under.

use rgi_core::Environ;

use super::numbers::{Numbers, Route};
#[cfg(feature = "router")]
use crate::router::Matched;

/// Says what a request is counted under.
#[derive(Clone, Copy, Default)]
pub(super) enum By {
    #[default]
    Nothing,
    Label(for<'a> fn(&'a Environ) -> Option<&'a str>),
    #[cfg(feature = "router")]
    Route,
}

/// What is known of it when the application is called.
pub(super) enum Found {
    Now(Route),
    /// A router inside will say it.
    #[cfg(feature = "router")]
    Later(Matched),
}

impl By {
    pub(super) fn find(self, environ: &mut Environ, numbers: &Numbers) -> Found {
        match self {
            By::Nothing => Found::Now(Route::None),
            By::Label(label) => Found::Now(numbers.route(label(environ))),
            #[cfg(feature = "router")]
            By::Route => Found::Later(Matched::watch(environ)),
        }
    }
}

impl Numbers {
    /// What was found, when the exchange is over.
    pub(super) fn route_of(&self, found: Found) -> Route {
        match found {
            Found::Now(route) => route,
            #[cfg(feature = "router")]
            Found::Later(matched) => {
                let route = matched.route();
                self.route(route.as_ref().map(|route| route.pattern()))
            }
        }
    }
}
