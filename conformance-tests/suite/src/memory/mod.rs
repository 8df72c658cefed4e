//! No server at all: the test client of the core crate, and the engine of HTTP/1.1 on a pipe.

mod engine;
mod pipe;

use std::io;
use std::sync::Arc;

use rgi_core::{App, BoxApp, testing};

use crate::client::{Connection, Target};
use crate::{Case, Kind, Site};

/// A target in memory: cases of applications run on the test client, cases of bytes on a pipe whose
/// other end the engine of HTTP/1.1 reads and writes, a thread a connection.
pub struct Memory {
    client: testing::Client<BoxApp>,
    worker: Arc<engine::Worker<BoxApp>>,
    root: String,
}

impl Memory {
    /// For a case, with its settings, the site under `root`.
    pub fn new(case: &str, root: &str) -> Memory {
        Memory::serving(Site::new().into_app(), case, root)
    }

    /// The same with something around the site, or in its place.
    pub fn serving(app: BoxApp, case: &str, root: &str) -> Memory {
        let config = crate::local::settings(case, root);
        let root = config.script_name.clone();
        let mut client = testing::Client::new(app.clone()).mounted(&root);
        client.host_mut().vars.clone_from(&config.vars);
        Memory {
            client,
            worker: Arc::new(engine::Worker::new(app, config)),
            root,
        }
    }
}

/// Writes to the engine of HTTP/1.1, which serves an application on this thread, and gives what `read`
/// makes of the other end, which it has a thread for.
pub(crate) fn converse<A: App, T: Send>(
    app: A,
    writes: &[Vec<u8>],
    read: impl FnOnce(&dyn Connection) -> T + Send,
) -> T {
    let (ours, theirs) = pipe::pair();
    let ours = &ours;
    let worker = engine::Worker::new(app, crate::settings("", ""));
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A server that takes no more may have answered: that is seen by reading.
            let _ = writes
                .iter()
                .try_for_each(|it| Connection::write_all(ours, it));
        });
        let read = scope.spawn(move || read(ours));
        worker.serve(&Arc::new(theirs));
        read.join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

impl Target for Memory {
    fn connect(&self) -> io::Result<Box<dyn Connection>> {
        let (ours, theirs) = pipe::pair();
        let (worker, theirs) = (self.worker.clone(), Arc::new(theirs));
        std::thread::Builder::new().spawn(move || worker.serve(&theirs))?;
        Ok(Box::new(ours))
    }

    fn root(&self) -> &str {
        &self.root
    }

    fn in_memory(&self, case: &Case) -> Option<&testing::Client<BoxApp>> {
        (case.kind == Kind::App).then_some(&self.client)
    }
}
