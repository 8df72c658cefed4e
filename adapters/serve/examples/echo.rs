//! A program with presets, and an application made once in each worker: it greets whoever sends
//! nothing, sends back what others send, says at `/process` which process it is, and panics at `/panic`.

use std::env;
use std::path::Path;
use std::process;

use rgi_core::{
    App, BodyExt, BoxBody, Environ, Error, StartResponse, StatusCode, Worker, field, media,
};
use rgi_serve::{Exit, Hooks, Runner, WorkerEnd};

struct Echo {
    greeting: String,
}

impl Echo {
    /// What cannot work stops the server before it accepts anybody.
    fn new(_: &Worker) -> Result<Echo, Error> {
        if env::var_os("REFUSES").is_some_and(|path| Path::new(&path).exists()) {
            return Err(Error::new("the file of REFUSES is there: remove it"));
        }
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
        assert_ne!(environ.path_info(), "/panic", "as asked");
        let started = start_response
            .start(StatusCode::OK)
            .header(field::CONTENT_TYPE, media::OCTET_STREAM);
        let input = environ.take_input();
        if !input.is_end() {
            return started.stream(input).erased();
        }
        if environ.path_info() == "/process" {
            let number = environ.server().process;
            return started
                .full(format!("{number:?} {}\n", process::id()))
                .into();
        }
        let whom = environ.var("whom").unwrap_or("World");
        started.full(format!("{}, {whom}!\n", self.greeting)).into()
    }
}

/// Says what it is called for, where the environment asks for that.
struct Chatty;

impl Hooks for Chatty {
    fn pre_fork(&self, worker: usize) {
        say(&format!("pre_fork {worker}"));
    }

    fn post_fork(&self, worker: usize) {
        say(&format!("post_fork {worker}"));
    }

    fn worker_exit(&self, worker: usize, _: u32, end: WorkerEnd) {
        say(&format!("worker_exit {worker}: {end}"));
    }
}

fn say(text: &str) {
    if env::var_os("CHATTY").is_some() {
        eprintln!("{text}");
    }
}

fn main() -> Exit {
    Runner::new()
        .hooks(Chatty)
        .version(env!("CARGO_PKG_VERSION"))
        .threads(2)
        .var("whom", "you")
        .run(Echo::new)
}
