//! There is one environ of a request, with one body to read.
use rgi_core::Environ;

fn copy(environ: &Environ) -> Environ {
    environ.clone()
}

fn main() {
    let _ = copy;
}
