//! Serves the testbed.

use std::sync::Arc;

use rgi_core::Worker;

fn main() -> rgi_serve::Exit {
    // One for all threads: the cases of the suite watch a server as a whole.
    let app = Arc::new(testbed::app());
    rgi_serve::Runner::new()
        .version(env!("CARGO_PKG_VERSION"))
        .tokio()
        .run(move |_: &Worker| {
            testbed::startup()?;
            Ok(Arc::clone(&app))
        })
}
