//! The testbed, where the tests of this package find it.

fn main() -> rgi_serve::Exit {
    testbed::serve()
}
