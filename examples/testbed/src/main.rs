//! Serves the testbed.

fn main() -> rgi_serve::Exit {
    testbed::serve()
}
