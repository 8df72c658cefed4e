//! Serves the testbed.

fn main() -> rgi_serve::Exit {
    rgi_serve::Runner::new()
        .version(env!("CARGO_PKG_VERSION"))
        .tokio()
        .run(testbed::app())
}
