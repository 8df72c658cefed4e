//! A hook for the end of an exchange can run on any thread.
use std::cell::Cell;
use std::rc::Rc;

use rgi_core::Environ;

fn register(environ: &Environ, seen: Rc<Cell<bool>>) {
    environ.on_finish(move |_| seen.set(true));
}

fn main() {
    let _ = register;
}
