//! An application, with the lint around it or without.

#[cfg(feature = "lint")]
use rgi_core::Either;
use rgi_core::{App, Environ, StartResponse};
#[cfg(feature = "lint")]
use rgi_lint::{Lint, Linted};

/// Whether applications are put under lint: one for all workers, so that the log is told once.
pub(crate) struct Watch {
    #[cfg(feature = "lint")]
    lint: Option<Lint<()>>,
}

impl Watch {
    #[cfg_attr(not(feature = "lint"), expect(unused_variables))]
    pub(crate) fn new(is_on: bool) -> Watch {
        Watch {
            #[cfg(feature = "lint")]
            lint: is_on.then(|| Lint::new(())),
        }
    }

    /// An application of a worker, watched by itself.
    pub(crate) fn over<A: App>(&self, app: A) -> Watched<A> {
        #[cfg(feature = "lint")]
        if let Some(lint) = &self.lint {
            return Watched::Linted(rgi_core::Middleware::wrap(lint, app));
        }
        Watched::Bare(app)
    }
}

/// An application, under lint where the settings say so.
pub(crate) enum Watched<A> {
    Bare(A),
    #[cfg(feature = "lint")]
    Linted(Lint<A>),
}

impl<A> Watched<A> {
    /// The application itself.
    pub(crate) fn app(&self) -> &A {
        match self {
            Watched::Bare(app) => app,
            #[cfg(feature = "lint")]
            Watched::Linted(lint) => lint.app(),
        }
    }
}

#[cfg(feature = "lint")]
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

#[cfg(not(feature = "lint"))]
impl<A: App> App for Watched<A> {
    type Body = A::Body;

    #[inline]
    fn call(&self, environ: Environ, start_response: StartResponse) -> A::Body {
        self.app().call(environ, start_response)
    }
}

#[cfg(all(test, feature = "lint"))]
mod tests {
    use std::fmt;
    use std::sync::{Arc, Mutex};

    use rgi_core::server::{Level, Log};
    use rgi_core::testing::Client;
    use rgi_core::{StatusCode, app_fn};

    use super::*;

    #[derive(Default)]
    struct Kept(Mutex<Vec<String>>);

    impl Log for Kept {
        fn log(&self, _: Level, message: fmt::Arguments<'_>) {
            self.0.lock().unwrap().push(message.to_string());
        }
    }

    /// What the log has when two workers were asked twice each.
    fn lines(is_on: bool) -> usize {
        let log = Arc::new(Kept::default());
        let watch = Watch::new(is_on);
        for _ in 0..2 {
            let app = app_fn(|_: Environ, start_response: StartResponse| {
                start_response.start(StatusCode::OK).full("of no type")
            });
            let mut client = Client::new(watch.over(app));
            client.host_mut().log = log.clone();
            for _ in 0..2 {
                assert_eq!(client.get("/").send().text(), "of no type");
            }
        }
        log.0.lock().unwrap().len()
    }

    #[test]
    fn what_is_wrong_is_told_once_for_all_workers() {
        assert_eq!(lines(true), 1);
        assert_eq!(lines(false), 0);
    }
}
