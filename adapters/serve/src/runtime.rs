//! A tokio runtime beside a server that has none.

use std::io;
use std::sync::Arc;

use rgi_core::server::Around;
use tokio::runtime::{Builder, Runtime};

/// Starts a runtime: one thread drives its sockets and timers, and runs what is spawned.
pub(crate) fn start() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("tokio")
        .enable_all()
        .build()
}

/// Enters the runtime around a thread's work, so that tokio's functions find it there.
pub(crate) fn around(runtime: &Runtime) -> Around {
    let handle = runtime.handle().clone();
    Arc::new(move |work: &mut dyn FnMut()| {
        let _entered = handle.enter();
        work();
    })
}
