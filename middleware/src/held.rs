//! Applications of many types in one place.

use rgi_core::{App, AppExt, BoxApp, Full, LocalBoxApp};

/// A type that applications of many types can become, for what holds several of them:
/// [`BoxApp`] of those that threads can share, [`LocalBoxApp`] of all others.
#[diagnostic::on_unimplemented(
    message = "`{A}` cannot become a `{Self}`",
    note = "an application that threads cannot share wants `local()` in the place of `new()`"
)]
pub trait Holds<A>: App<Body: From<Full>> + Sized {
    /// Erases the application's type.
    fn hold(app: A) -> Self;
}

impl<A> Holds<A> for BoxApp
where
    A: App<Body: Send + 'static> + Send + Sync + 'static,
{
    fn hold(app: A) -> BoxApp {
        app.erased()
    }
}

impl<A: App<Body: 'static> + 'static> Holds<A> for LocalBoxApp {
    fn hold(app: A) -> LocalBoxApp {
        app.erased_local()
    }
}
