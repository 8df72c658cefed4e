//! Who borrows the input cannot end it.
use rgi_core::Environ;

fn close(environ: &mut Environ) {
    drop(*environ.input());
}

fn main() {
    let _ = close;
}
