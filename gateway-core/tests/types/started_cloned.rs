//! A started response has no copies.
use rgi_core::{Event, Started};

fn twice(started: Started) -> [Event; 2] {
    [Event::Start(started.clone()), Event::Start(started)]
}

fn main() {
    let _ = twice;
}
