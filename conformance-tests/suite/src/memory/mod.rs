//! No server at all: the test client of the core crate, and the engine of HTTP/1.1 on a pipe.

mod engine;
mod pipe;

use std::io;
use std::sync::Arc;

use rgi_core::testing;

use crate::client::{Connection, Target};
use crate::{Case, Kind, Site};

/// A target in memory: cases of applications run on the test client, cases of bytes on a pipe whose
/// other end the engine of HTTP/1.1 reads and writes, a thread a connection.
#[derive(Debug)]
pub struct Memory {
    client: testing::Client<Site>,
    worker: Arc<engine::Worker>,
    root: String,
}

impl Memory {
    /// For a case, with its settings, the site under `root`.
    pub fn new(case: &str, root: &str) -> Memory {
        let mut config = crate::local::settings(root);
        let settings = crate::cases()
            .find(|known| known.name == case)
            .and_then(|case| case.settings);
        if let Some(settings) = settings {
            settings(&mut config);
        }
        let mut client = testing::Client::new(Site).mounted(root);
        client.host_mut().vars.clone_from(&config.vars);
        Memory {
            client,
            worker: Arc::new(engine::Worker::new(config)),
            root: root.to_owned(),
        }
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

    fn in_memory(&self, case: &Case) -> Option<&testing::Client<Site>> {
        (case.kind == Kind::App).then_some(&self.client)
    }
}
