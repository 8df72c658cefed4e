//! Applications around applications.
//!
//! Three ways to write a middleware, each `Send` exactly when what it wraps is:
//!
//! - a function `fn m<A: App>(inner: A) -> impl App<Body = impl Body>` over
//!   [`around`](AppExt::around) and its kin: the usual one. Both `impl`s are needed for `Send` to
//!   show through; [`layer`] makes a [`Middleware`] of a function of one known application;
//! - a type that implements [`Middleware`], with a body type that has a name;
//! - a hand-written stream over [`Hold`](crate::Hold), for those that look before they let pass.
//!
//! ```
//! use rgi_core::*;
//!
//! fn stamp<A: App>(inner: A) -> impl App<Body = impl Body> {
//!     const X_STAMP: FieldName = FieldName::from_static("x-stamp");
//!     inner.map_start(|head: &mut Head| head.append(X_STAMP, HeaderValue::from_static("1")))
//! }
//! fn hello(_: Environ, start_response: StartResponse) -> Full {
//!     start_response.start(StatusCode::OK).full("hi")
//! }
//! let reply = testing::Client::new(stamp(app_fn(hello))).get("/").send();
//! assert_eq!(reply.header("x-stamp"), Some("1"));
//! ```

use std::sync::Arc;

use bytes::Bytes;

use crate::body::{BodyExt, BoxBody, CancelBody, Flatten, LocalBoxBody, MapDataBody, MapStartBody};
use crate::environ::Outcome;
use crate::{App, Body, BoxApp, Environ, Error, Head, LocalBoxApp, StartResponse};

/// What makes an application of an application. Written once, it is `Send` when what it wraps is.
///
/// `()` and tuples are middleware: the first is outermost.
pub trait Middleware<A> {
    /// The application it makes.
    type App: App;

    /// Wraps an application.
    fn wrap(&self, inner: A) -> Self::App;
}

impl<A: App> Middleware<A> for () {
    type App = A;

    fn wrap(&self, inner: A) -> A {
        inner
    }
}

impl<A, M: Middleware<A>> Middleware<A> for &M {
    type App = M::App;

    fn wrap(&self, inner: A) -> M::App {
        (**self).wrap(inner)
    }
}

macro_rules! tuple {
    ($($name:ident $wrapped:ty;)*) => {
        #[allow(non_snake_case)]
        impl<A, $($name),*> Middleware<A> for ($($name,)*)
        where
            $($name: Middleware<$wrapped>,)*
        {
            type App = tuple!(@first $($name $wrapped;)*);

            fn wrap(&self, inner: A) -> Self::App {
                let ($($name,)*) = self;
                tuple!(@nest inner $($name)*)
            }
        }
    };
    (@first $first:ident $wrapped:ty; $($rest:tt)*) => { <$first as Middleware<$wrapped>>::App };
    (@nest $inner:ident $only:ident) => { $only.wrap($inner) };
    (@nest $inner:ident $first:ident $($rest:ident)+) => {
        $first.wrap(tuple!(@nest $inner $($rest)+))
    };
}

type Wrapped<M, A> = <M as Middleware<A>>::App;

tuple! { B A; }
tuple! { B Wrapped<C, A>; C A; }
tuple! { B Wrapped<C, Wrapped<D, A>>; C Wrapped<D, A>; D A; }
tuple! { B Wrapped<C, Wrapped<D, Wrapped<E, A>>>; C Wrapped<D, Wrapped<E, A>>; D Wrapped<E, A>; E A; }
tuple! { B Wrapped<C, Wrapped<D, Wrapped<E, Wrapped<F, A>>>>; C Wrapped<D, Wrapped<E, Wrapped<F, A>>>; D Wrapped<E, Wrapped<F, A>>; E Wrapped<F, A>; F A; }
tuple! { B Wrapped<C, Wrapped<D, Wrapped<E, Wrapped<F, Wrapped<G, A>>>>>; C Wrapped<D, Wrapped<E, Wrapped<F, Wrapped<G, A>>>>; D Wrapped<E, Wrapped<F, Wrapped<G, A>>>; E Wrapped<F, Wrapped<G, A>>; F Wrapped<G, A>; G A; }
tuple! { B Wrapped<C, Wrapped<D, Wrapped<E, Wrapped<F, Wrapped<G, Wrapped<H, A>>>>>>; C Wrapped<D, Wrapped<E, Wrapped<F, Wrapped<G, Wrapped<H, A>>>>>; D Wrapped<E, Wrapped<F, Wrapped<G, Wrapped<H, A>>>>; E Wrapped<F, Wrapped<G, Wrapped<H, A>>>; F Wrapped<G, Wrapped<H, A>>; G Wrapped<H, A>; H A; }
tuple! { B Wrapped<C, Wrapped<D, Wrapped<E, Wrapped<F, Wrapped<G, Wrapped<H, Wrapped<I, A>>>>>>>; C Wrapped<D, Wrapped<E, Wrapped<F, Wrapped<G, Wrapped<H, Wrapped<I, A>>>>>>; D Wrapped<E, Wrapped<F, Wrapped<G, Wrapped<H, Wrapped<I, A>>>>>; E Wrapped<F, Wrapped<G, Wrapped<H, Wrapped<I, A>>>>; F Wrapped<G, Wrapped<H, Wrapped<I, A>>>; G Wrapped<H, Wrapped<I, A>>; H Wrapped<I, A>; I A; }

/// A middleware of a function: [`layer`].
#[derive(Clone, Copy, Debug)]
pub struct Layer<F>(F);

/// Makes a middleware of a function from an application to an application.
///
/// ```
/// # use rgi_core::*;
/// # fn stamp<A: App>(inner: A) -> impl App<Body = impl Body> { inner }
/// # fn hello(_: Environ, s: StartResponse) -> Full { s.start(StatusCode::OK).full("hi") }
/// let app = app_fn(hello).with(layer(stamp));
/// ```
pub fn layer<F>(f: F) -> Layer<F> {
    Layer(f)
}

impl<A, B: App, F: Fn(A) -> B> Middleware<A> for Layer<F> {
    type App = B;

    fn wrap(&self, inner: A) -> B {
        (self.0)(inner)
    }
}

/// What changes a head. Closures do; a type with a name may, too.
pub trait EditHead {
    /// Changes the head of a response.
    fn edit(&mut self, head: &mut Head);

    /// Changes an error, which the server answers if no head was sent: nothing, unless said. What all
    /// responses shall have is added here as well:
    ///
    /// ```
    /// use rgi_core::*;
    ///
    /// const X_STAMP: FieldName = FieldName::from_static("x-stamp");
    ///
    /// #[derive(Clone)]
    /// struct Stamp;
    ///
    /// impl EditHead for Stamp {
    ///     fn edit(&mut self, head: &mut Head) {
    ///         head.append(X_STAMP, HeaderValue::from_static("1"));
    ///     }
    ///     fn edit_error(&mut self, error: &mut Error) {
    ///         self.edit(error.head_mut());
    ///     }
    /// }
    ///
    /// async fn fails(_: Environ, _: StartResponse) -> Result<Full, Error> {
    ///     Err(Error::overloaded("of work"))
    /// }
    /// let reply = testing::Client::new(async_fn(fails).map_start(Stamp)).get("/").send();
    /// assert_eq!((reply.status(), reply.header("x-stamp")), (503, Some("1")));
    /// ```
    ///
    /// It may come behind a start, and then behind [`edit`](Self::edit): that head was not sent, or the
    /// response will be cut.
    fn edit_error(&mut self, _: &mut Error) {}
}

impl<F: FnMut(&mut Head)> EditHead for F {
    fn edit(&mut self, head: &mut Head) {
        self(head)
    }
}

/// Changes the head of each response: [`AppExt::map_start`].
#[derive(Clone, Copy, Debug)]
pub struct MapStart<A, F>(A, F);

impl<A: App, F: EditHead + Clone> App for MapStart<A, F> {
    type Body = MapStartBody<A::Body, F>;

    #[inline]
    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        self.0
            .call(environ, start_response)
            .map_start(self.1.clone())
    }
}

/// Changes each block of each body: [`AppExt::map_data`].
#[derive(Clone, Copy, Debug)]
pub struct MapData<A, F>(A, F);

impl<A: App, F: FnMut(Bytes) -> Result<Bytes, Error> + Clone> App for MapData<A, F> {
    type Body = MapDataBody<A::Body, F>;

    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        self.0
            .call(environ, start_response)
            .map_data(self.1.clone())
    }
}

/// Looks at the outcome of each exchange: [`AppExt::inspect_finish`].
#[derive(Clone, Copy, Debug)]
pub struct InspectFinish<A, F>(A, F);

impl<A: App, F: Fn(&Outcome<'_>) + Clone + Send + 'static> App for InspectFinish<A, F> {
    type Body = A::Body;

    fn call(&self, environ: Environ, start_response: StartResponse) -> A::Body {
        environ.on_finish(self.1.clone());
        self.0.call(environ, start_response)
    }
}

/// Drops bodies whose peers have left: [`AppExt::cancel_on_disconnect`].
#[derive(Clone, Copy, Debug)]
pub struct CancelOnDisconnect<A>(A);

impl<A: App> App for CancelOnDisconnect<A> {
    type Body = CancelBody<A::Body>;

    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body {
        let peer = environ.peer();
        CancelBody::new(self.0.call(environ, start_response), peer)
    }
}

/// Runs a function around an application: [`AppExt::around`].
#[derive(Clone, Copy, Debug)]
pub struct Around<A, F>(A, F);

impl<A: App, F: Fn(&A, Environ, StartResponse) -> B, B: Body> App for Around<A, F> {
    type Body = B;

    fn call(&self, environ: Environ, start_response: StartResponse) -> B {
        (self.1)(&self.0, environ, start_response)
    }
}

/// Runs an async function around an application: [`AppExt::around_async`].
#[derive(Debug)]
pub struct AroundAsync<A, F>(Next<A>, F);

impl<A, F: Clone> Clone for AroundAsync<A, F> {
    fn clone(&self) -> Self {
        AroundAsync(self.0.clone(), self.1.clone())
    }
}

impl<A, F, T, B> App for AroundAsync<A, F>
where
    A: App,
    F: Fn(Environ, StartResponse, Next<A>) -> T,
    T: Future<Output = Result<B, Error>>,
    B: Body,
{
    type Body = Flatten<T, B>;

    fn call(&self, environ: Environ, start_response: StartResponse) -> Flatten<T, B> {
        Flatten::new((self.1)(environ, start_response, self.0.clone()))
    }
}

/// The application behind an async middleware, owned, so that a future can hold it.
#[derive(Debug)]
pub struct Next<A: ?Sized>(Arc<A>);

impl<A: ?Sized> Clone for Next<A> {
    fn clone(&self) -> Next<A> {
        Next(self.0.clone())
    }
}

impl<A> Next<A> {
    /// Holds an application.
    pub fn new(app: A) -> Next<A> {
        Next(Arc::new(app))
    }
}

impl<A: App + ?Sized> Next<A> {
    /// Calls it.
    pub fn call(&self, environ: Environ, start_response: StartResponse) -> A::Body {
        self.0.call(environ, start_response)
    }
}

/// What can be done with an application. Names that other extension traits have are avoided.
pub trait AppExt: App + Sized {
    /// Wraps it: `.with((a, b))` has `a` outermost; `.with(a).with(b)` has `b` outermost.
    fn with<M: Middleware<Self>>(self, middleware: M) -> M::App {
        middleware.wrap(self)
    }

    /// Runs a function around it.
    fn around<F: Fn(&Self, Environ, StartResponse) -> B, B: Body>(self, f: F) -> Around<Self, F> {
        Around(self, f)
    }

    /// Runs an async function around it.
    fn around_async<F, T, B>(self, f: F) -> AroundAsync<Self, F>
    where
        F: Fn(Environ, StartResponse, Next<Self>) -> T,
        T: Future<Output = Result<B, Error>>,
        B: Body,
    {
        AroundAsync(Next::new(self), f)
    }

    /// Changes the head of each response. Answers to errors are the server's, unless
    /// [`edit_error`](EditHead::edit_error) changes them too.
    fn map_start<F: EditHead + Clone>(self, edit: F) -> MapStart<Self, F> {
        MapStart(self, edit)
    }

    /// Changes each block of each body. The length is unknown then; files are read.
    fn map_data<F: FnMut(Bytes) -> Result<Bytes, Error> + Clone>(self, f: F) -> MapData<Self, F> {
        MapData(self, f)
    }

    /// Looks at the outcome of each exchange.
    fn inspect_finish<F: Fn(&Outcome<'_>) + Clone + Send + 'static>(
        self,
        f: F,
    ) -> InspectFinish<Self, F> {
        InspectFinish(self, f)
    }

    /// Drops the body as soon as the peer has left, wherever it stands. Without this an application
    /// finishes its step, and what it yields is thrown away.
    fn cancel_on_disconnect(self) -> CancelOnDisconnect<Self> {
        CancelOnDisconnect(self)
    }

    /// Erases its type, for routers and plug-ins.
    fn erased(self) -> BoxApp
    where
        Self: Send + Sync + 'static,
        Self::Body: Send + 'static,
    {
        Arc::new(Erased(self))
    }

    /// Erases the type of an application that stays on its thread.
    fn erased_local(self) -> LocalBoxApp
    where
        Self: 'static,
        Self::Body: 'static,
    {
        std::rc::Rc::new(ErasedLocal(self))
    }
}

impl<A: App> AppExt for A {}

struct Erased<A>(A);

impl<A: App<Body: Send + 'static>> App for Erased<A> {
    type Body = BoxBody;

    fn call(&self, environ: Environ, start_response: StartResponse) -> BoxBody {
        BoxBody::new(self.0.call(environ, start_response))
    }
}

struct ErasedLocal<A>(A);

impl<A: App<Body: 'static>> App for ErasedLocal<A> {
    type Body = LocalBoxBody;

    fn call(&self, environ: Environ, start_response: StartResponse) -> LocalBoxBody {
        LocalBoxBody::new(self.0.call(environ, start_response))
    }
}
