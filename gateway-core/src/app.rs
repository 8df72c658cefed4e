//! The contract, and applications made of functions.

use std::rc::Rc;
use std::sync::Arc;

use crate::body::{BlockingBody, Flatten};
use crate::{Body, Environ, Error, StartResponse};

/// An application: a function from `(environ, start_response)` to a body iterator.
///
/// No `Send`, `Sync`, `'static` or `async` here. A body's auto traits are the application's, and
/// each server asks for what its model needs and nowhere else. `call` must not block unless
/// `environ.server().may_block`; see [`blocking`].
///
/// ```
/// use rgi_core::{App, Environ, StartResponse, StatusCode, Full, testing::Client};
///
/// struct Greeter { name: String }
///
/// impl App for Greeter {
///     type Body = Full;
///     fn call(&self, _: Environ, start_response: StartResponse) -> Full {
///         start_response.start(StatusCode::OK).full(format!("Hello, {}!", self.name))
///     }
/// }
/// let reply = Client::new(Greeter { name: "you".into() }).get("/").send();
/// assert_eq!(reply.text(), "Hello, you!");
/// ```
pub trait App {
    /// The response: an iterator of events.
    type Body: Body;

    /// Answers one request. May return before anything has been computed: the body is where the
    /// work may happen.
    fn call(&self, environ: Environ, start_response: StartResponse) -> Self::Body;
}

macro_rules! forward {
    ($($pointer:ty),*) => { $(
        impl<A: App + ?Sized> App for $pointer {
            type Body = A::Body;

            #[inline]
            fn call(&self, environ: Environ, start_response: StartResponse) -> A::Body {
                (**self).call(environ, start_response)
            }
        }
    )* };
}

forward!(&A, Box<A>, Rc<A>, Arc<A>);

/// An application of a function: [`app_fn`].
#[derive(Clone, Copy, Debug)]
pub struct AppFn<F>(F);

/// Makes an application of a function that returns a body.
///
/// ```
/// # use rgi_core::*;
/// fn hello(_: Environ, start_response: StartResponse) -> Full {
///     start_response.start(StatusCode::OK).full("Hello, World!\n")
/// }
/// let app = app_fn(hello);
/// # assert_eq!(testing::Client::new(app).get("/").send().status(), 200);
/// ```
pub fn app_fn<F: Fn(Environ, StartResponse) -> B, B: Body>(f: F) -> AppFn<F> {
    AppFn(f)
}

impl<F: Fn(Environ, StartResponse) -> B, B: Body> App for AppFn<F> {
    type Body = B;

    #[inline]
    fn call(&self, environ: Environ, start_response: StartResponse) -> B {
        (self.0)(environ, start_response)
    }
}

/// An application of an async function: [`async_fn`].
#[derive(Clone, Copy, Debug)]
pub struct AsyncFnApp<F>(F);

/// Makes an application of an async function, without a box.
///
/// A closure that captures must clone into its future
/// (`move |e, s| { let x = x.clone(); async move { .. } }`); [`async_fn_with`] does that.
pub fn async_fn<F, T, B>(f: F) -> AsyncFnApp<F>
where
    F: Fn(Environ, StartResponse) -> T,
    T: Future<Output = Result<B, Error>>,
    B: Body,
{
    AsyncFnApp(f)
}

impl<F, T, B> App for AsyncFnApp<F>
where
    F: Fn(Environ, StartResponse) -> T,
    T: Future<Output = Result<B, Error>>,
    B: Body,
{
    type Body = Flatten<T, B>;

    fn call(&self, environ: Environ, start_response: StartResponse) -> Flatten<T, B> {
        Flatten::new((self.0)(environ, start_response))
    }
}

/// An application of an async function and its state: [`async_fn_with`].
#[derive(Clone, Copy, Debug)]
pub struct AsyncFnWith<S, F>(S, F);

/// Makes an application of an async function that is given a clone of `state` each time.
pub fn async_fn_with<S, F, T, B>(state: S, f: F) -> AsyncFnWith<S, F>
where
    S: Clone,
    F: Fn(S, Environ, StartResponse) -> T,
    T: Future<Output = Result<B, Error>>,
    B: Body,
{
    AsyncFnWith(state, f)
}

impl<S, F, T, B> App for AsyncFnWith<S, F>
where
    S: Clone,
    F: Fn(S, Environ, StartResponse) -> T,
    T: Future<Output = Result<B, Error>>,
    B: Body,
{
    type Body = Flatten<T, B>;

    fn call(&self, environ: Environ, start_response: StartResponse) -> Flatten<T, B> {
        Flatten::new((self.1)(self.0.clone(), environ, start_response))
    }
}

/// An application of a blocking function: [`blocking`].
#[derive(Debug)]
pub struct Blocking<F>(Arc<F>);

impl<F> Clone for Blocking<F> {
    fn clone(&self) -> Blocking<F> {
        Blocking(self.0.clone())
    }
}

/// Makes an application of a function that may block: reads its input, computes, returns an
/// iterator that may block too.
///
/// Where the server may block it runs in place. Elsewhere the call, each `next` and the drop run on
/// the server's bounded pool, one step outstanding an exchange; a full queue at the call answers
/// 503. A thread of the pool is bound only when the request's body is there, up to a bound. A call
/// is not made if the client leaves, or the queue's time is over, before a thread comes free.
///
/// On a pool the server's drop of the body does not wait for the iterator's: the hooks of
/// [`Environ::on_finish`] may run before the iterator is dropped.
///
/// ```
/// # use rgi_core::*;
/// use std::io::Read;
///
/// fn shout(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
///     let mut text = String::new();
///     environ.input().reader().read_to_string(&mut text)?;
///     Ok(start_response.start(StatusCode::OK).full(text.to_uppercase()))
/// }
/// let reply = testing::Client::new(blocking(shout)).post("/").body("hey").send();
/// assert_eq!(reply.text(), "HEY");
/// ```
pub fn blocking<F, B>(f: F) -> Blocking<F>
where
    F: Fn(Environ, StartResponse) -> Result<B, Error> + Send + Sync + 'static,
    B: Body + Send + 'static,
{
    Blocking(Arc::new(f))
}

impl<F, B> App for Blocking<F>
where
    F: Fn(Environ, StartResponse) -> Result<B, Error> + Send + Sync + 'static,
    B: Body + Send + 'static,
{
    type Body = BlockingBody<B>;

    fn call(&self, environ: Environ, start_response: StartResponse) -> BlockingBody<B> {
        if environ.server().may_block {
            return BlockingBody::here((self.0)(environ, start_response));
        }
        let f = self.0.clone();
        BlockingBody::lift(environ, start_response, move |e, s| f(e, s))
    }
}

/// An application of a blocking function that cannot leave its thread: [`blocking_local`].
#[derive(Clone, Copy, Debug)]
pub struct BlockingLocal<F>(F);

/// As [`blocking`], without `Send`: for servers that may block. On others it answers 500, saying
/// so in the log.
pub fn blocking_local<F, B>(f: F) -> BlockingLocal<F>
where
    F: Fn(Environ, StartResponse) -> Result<B, Error>,
    B: Body,
{
    BlockingLocal(f)
}

impl<F, B> App for BlockingLocal<F>
where
    F: Fn(Environ, StartResponse) -> Result<B, Error>,
    B: Body,
{
    type Body = BlockingBody<B>;

    fn call(&self, environ: Environ, start_response: StartResponse) -> BlockingBody<B> {
        BlockingBody::here(if environ.server().may_block {
            (self.0)(environ, start_response)
        } else {
            Err(Error::misuse(format!(
                "`blocking_local` needs a server that may block, and {} may not",
                environ.server().software
            )))
        })
    }
}
