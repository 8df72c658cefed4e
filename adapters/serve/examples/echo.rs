//! A program with presets, and an application made once in each worker: it greets whoever sends
//! nothing, and sends back what others send.

use std::env;

use rgi_core::{
    App, BodyExt, BoxBody, Environ, Error, StartResponse, StatusCode, Worker, field, media,
};
use rgi_serve::{Exit, Runner};

struct Echo {
    greeting: String,
}

impl Echo {
    /// What cannot work stops the server before it accepts anybody.
    fn new(_: &Worker) -> Result<Echo, Error> {
        match env::var("GREETING") {
            Ok(greeting) if greeting.is_empty() => Err(Error::new(
                "GREETING is empty: set it to a text, or not at all",
            )),
            Ok(greeting) => Ok(Echo { greeting }),
            Err(_) => Ok(Echo {
                greeting: "Hello".to_owned(),
            }),
        }
    }
}

impl App for Echo {
    type Body = BoxBody;

    fn call(&self, mut environ: Environ, start_response: StartResponse) -> BoxBody {
        let started = start_response
            .start(StatusCode::OK)
            .header(field::CONTENT_TYPE, media::OCTET_STREAM);
        let input = environ.take_input();
        if !input.is_end() {
            return started.stream(input).erased();
        }
        let whom = environ.var("whom").unwrap_or("World");
        started.full(format!("{}, {whom}!\n", self.greeting)).into()
    }
}

fn main() -> Exit {
    Runner::new()
        .version(env!("CARGO_PKG_VERSION"))
        .threads(2)
        .var("whom", "you")
        .run(Echo::new)
}
