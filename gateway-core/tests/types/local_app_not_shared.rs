//! An application that stays on its thread is none that threads share.
use std::cell::Cell;

use rgi_core::{App, AppExt, BoxApp, Environ, Full, StartResponse, StatusCode};

struct Counter(Cell<u32>);

impl App for Counter {
    type Body = Full;

    fn call(&self, _: Environ, start_response: StartResponse) -> Full {
        self.0.set(self.0.get() + 1);
        start_response.start(StatusCode::OK).empty()
    }
}

fn share(app: Counter) -> BoxApp {
    app.erased()
}

fn main() {
    let _ = share;
}
