//! How much a server says it has to do.

use std::time::Instant;

use rgi_core::server::Config;
use rgi_core::{Environ, StartResponse, StatusCode, app_fn};

use crate::wire::support::{Client, PATIENCE, Running, serve_with};

/// Answers with the number of connections.
fn counting(set: impl FnOnce(&mut Config)) -> Running {
    let app = app_fn(|environ: Environ, start_response: StartResponse| {
        let load = environ.load().expect("it says it");
        let started = start_response.start(StatusCode::OK);
        started.full(load.connections.to_string())
    });
    serve_with(set, app)
}

fn count(client: &mut Client) -> usize {
    client.get("/");
    client.reply().text().parse().unwrap()
}

#[test]
fn connections_that_are_open_are_counted() {
    for threads in [1, 2] {
        let server = counting(|config| config.threads = threads);
        let mut clients = Vec::new();
        for open in 1..=4 {
            clients.push(server.connect());
            // Whichever worker it is that answers, once the last to come was taken.
            for client in clients.iter_mut().rev() {
                assert_eq!(count(client), open);
            }
        }
        clients.truncate(1);
        let patience = Instant::now() + PATIENCE;
        while count(&mut clients[0]) > 1 {
            assert!(Instant::now() < patience, "closed connections stay counted");
        }
        assert_eq!(count(&mut clients[0]), 1);
    }
}
