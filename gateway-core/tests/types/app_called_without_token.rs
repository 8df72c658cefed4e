//! A server calls with both arguments.
use rgi_core::{App, Environ};

fn serve<A: App>(app: &A, environ: Environ) -> A::Body {
    app.call(environ)
}

fn main() {
    let _ = serve::<rgi_core::BoxApp>;
}
