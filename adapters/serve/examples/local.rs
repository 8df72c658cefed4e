//! An application that cannot leave its thread: each worker has one, which counts its requests.

use std::cell::Cell;
use std::rc::Rc;

use rgi_core::{StartResponse, StatusCode, Worker, app_fn};
use rgi_serve::Exit;

fn main() -> Exit {
    rgi_serve::main_local(|_: &Worker| {
        let count = Rc::new(Cell::new(0_u64));
        Ok(app_fn(move |_, start_response: StartResponse| {
            count.set(count.get() + 1);
            let text = format!("request {}\n", count.get());
            start_response.start(StatusCode::OK).full(text)
        }))
    })
}
