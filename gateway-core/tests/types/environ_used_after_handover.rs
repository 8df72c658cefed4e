//! An environ that was handed on is the other's.
use rgi_core::{App, Environ, StartResponse};

fn log<A: App>(inner: &A, environ: Environ, start_response: StartResponse) -> A::Body {
    let body = inner.call(environ, start_response);
    println!("{}", environ.method());
    body
}

fn main() {
    let _ = log::<rgi_core::BoxApp>;
}
