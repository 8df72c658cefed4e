//! The life of a worker: a process, a thread or a loop, as the server's model has it.

use std::sync::Arc;

use crate::server::ServerInfo;
use crate::{App, Error};

/// What a worker is told at its start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Worker {
    /// The facts of the server it belongs to.
    pub server: ServerInfo,
    /// Which of the workers it is, from 0.
    pub index: usize,
}

impl Worker {
    /// For servers.
    pub fn new(server: ServerInfo, index: usize) -> Worker {
        Worker { server, index }
    }
}

/// One worker's life.
///
/// `startup` makes the application, once in each worker, after any fork and before the first
/// accept: the place for pools and for state that is not `Send`. Its `Err` stops the server with
/// the application's message. `shutdown` runs after the last connection was closed.
///
/// Servers ask for `LocalLifespan`; [`Lifespan`] is for whoever must spawn a whole server. Most
/// applications never write one: see [`IntoLifespan`] and [`launch`].
#[trait_variant::make(Lifespan: Send)]
pub trait LocalLifespan {
    /// The application.
    type App: App;

    /// Makes the application of one worker.
    async fn startup(&self, worker: &Worker) -> Result<Self::App, Error>;

    /// Ends the application of one worker.
    async fn shutdown(&self, app: &Self::App);
}

/// What a server takes: an application that is shared, a factory called once a worker, or a
/// [`LocalLifespan`]. `Marker` is inferred.
pub trait IntoLifespan<Marker> {
    /// The lifespan.
    type Lifespan: LocalLifespan;

    /// Makes it.
    fn into_lifespan(self) -> Self::Lifespan;
}

/// Markers for [`IntoLifespan`].
#[allow(missing_debug_implementations)]
pub mod marker {
    /// It is an application.
    pub enum IsApp {}
    /// It is a factory.
    pub enum IsFactory {}
    /// It is a lifespan.
    pub enum IsLifespan {}
}

impl<L: LocalLifespan> IntoLifespan<marker::IsLifespan> for L {
    type Lifespan = L;

    fn into_lifespan(self) -> L {
        self
    }
}

impl<M: MakeApp> IntoLifespan<marker::IsFactory> for M {
    type Lifespan = Factory<M>;

    fn into_lifespan(self) -> Factory<M> {
        Factory(self)
    }
}

impl<A: App + Send + Sync> IntoLifespan<marker::IsApp> for A {
    type Lifespan = Shared<A>;

    fn into_lifespan(self) -> Shared<A> {
        Shared(Arc::new(self))
    }
}

/// A factory of applications: any `Fn(&Worker) -> Result<A, Error>`.
pub trait MakeApp {
    /// The application.
    type App: App;

    /// Makes the application of one worker.
    ///
    /// # Errors
    ///
    /// Stop the server with their message.
    fn make(&self, worker: &Worker) -> Result<Self::App, Error>;
}

impl<F: Fn(&Worker) -> Result<A, Error>, A: App> MakeApp for F {
    type App = A;

    fn make(&self, worker: &Worker) -> Result<A, Error> {
        self(worker)
    }
}

/// The lifespan of a factory.
#[derive(Clone, Debug)]
pub struct Factory<M>(M);

impl<M: MakeApp> LocalLifespan for Factory<M> {
    type App = M::App;

    async fn startup(&self, worker: &Worker) -> Result<M::App, Error> {
        self.0.make(worker)
    }

    async fn shutdown(&self, _: &M::App) {}
}

/// The lifespan of an application that all workers of a process share.
#[derive(Debug)]
pub struct Shared<A>(Arc<A>);

impl<A> Clone for Shared<A> {
    fn clone(&self) -> Shared<A> {
        Shared(self.0.clone())
    }
}

impl<A: App> LocalLifespan for Shared<A> {
    type App = Arc<A>;

    async fn startup(&self, _: &Worker) -> Result<Arc<A>, Error> {
        Ok(self.0.clone())
    }

    async fn shutdown(&self, _: &Arc<A>) {}
}

/// A lifespan of two async closures: what `launch(start, stop)` gives.
#[derive(Clone, Debug)]
pub struct Launch<S, D>(S, D);

/// A lifespan of two async closures: the first makes the application, the second ends it.
///
/// ```
/// use rgi_core::*;
/// let lifespan = launch(
///     async |worker: &Worker| {
///         let name = format!("worker {}", worker.index);
///         Ok(app_fn(move |_, s: StartResponse| s.start(StatusCode::OK).full(name.clone())))
///     },
///     async |_app| { /* say good-bye to the database */ },
/// );
/// # fn check(_: impl LocalLifespan) {}
/// # check(lifespan);
/// ```
pub fn launch<S, D, A>(start: S, stop: D) -> Launch<S, D>
where
    S: AsyncFn(&Worker) -> Result<A, Error>,
    D: AsyncFn(&A),
    A: App,
{
    Launch(start, stop)
}

impl<S, D, A> LocalLifespan for Launch<S, D>
where
    S: AsyncFn(&Worker) -> Result<A, Error>,
    D: AsyncFn(&A),
    A: App,
{
    type App = A;

    async fn startup(&self, worker: &Worker) -> Result<A, Error> {
        (self.0)(worker).await
    }

    async fn shutdown(&self, app: &A) {
        (self.1)(app).await;
    }
}
