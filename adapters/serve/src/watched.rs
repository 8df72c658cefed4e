//! An application, with the lint around it or without.

use rgi_core::{App, Either, Environ, StartResponse};
use rgi_lint::{Lint, Linted};

/// An application, under lint where the settings say so.
pub(crate) enum Watched<A> {
    Bare(A),
    Linted(Lint<A>),
}

impl<A> Watched<A> {
    pub(crate) fn new(app: A, lint: bool) -> Watched<A> {
        match lint {
            false => Watched::Bare(app),
            true => Watched::Linted(Lint::new(app)),
        }
    }

    /// The application itself.
    pub(crate) fn app(&self) -> &A {
        match self {
            Watched::Bare(app) => app,
            Watched::Linted(lint) => lint.app(),
        }
    }
}

impl<A: App> App for Watched<A> {
    type Body = Either<A::Body, Linted<A::Body>>;

    #[inline]
    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        match self {
            Watched::Bare(app) => Either::left(app.call(environ, start_response)),
            Watched::Linted(lint) => Either::right(lint.call(environ, start_response)),
        }
    }
}
