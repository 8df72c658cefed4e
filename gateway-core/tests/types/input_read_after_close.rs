//! Dropping the input says that the rest is not needed, and is the last word.
use rgi_core::Environ;

fn close(mut environ: Environ) -> u64 {
    let input = environ.take_input();
    drop(input);
    input.consumed()
}

fn main() {
    let _ = close;
}
