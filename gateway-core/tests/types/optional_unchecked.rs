//! What a request may lack cannot be read as if it were there.
use rgi_core::Environ;

fn query(environ: &Environ) -> &str {
    environ.query()
}

fn main() {
    let _ = query;
}
