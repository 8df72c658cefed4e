//! What a server logs of failures. A server that is running already cannot be held to it: its log
//! is the case's.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rgi_core::server::{Config, Level, Log};
use rgi_core::{BodyExt, BoxBody, Bytes, Environ, Error, Event, StartResponse, StatusCode, Timer};

use crate::cases::AT_ONCE;
use crate::cases::bodies::{Events, ok};
use crate::{Case, Notes, X_RGI_RUN};

/// The lines of all servers that these cases run on. Each names its run.
static LINES: Mutex<Vec<(Level, String)>> = Mutex::new(Vec::new());

struct Kept;

impl Log for Kept {
    fn log(&self, level: Level, message: fmt::Arguments<'_>) {
        let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push((level, message.to_string()));
    }
}

fn keep(config: &mut Config) {
    config.log = Arc::new(Kept);
}

/// So small a body that others are too large, and none of it gathered: it is the application that reads.
fn keep_little(config: &mut Config) {
    keep(config);
    config.buffer_body = 0;
    config.limits.body = 16;
}

/// The levels of all lines with a text.
fn levels(text: &str) -> Vec<Level> {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    let lines = lines.iter().filter(|(_, line)| line.contains(text));
    lines.map(|(level, _)| *level).collect()
}

/// Whether a text is in the log, as an error.
fn is_logged(text: &str) -> bool {
    levels(text).contains(&Level::Error)
}

/// Waits until a text is in the log: a line may be written behind the answer.
async fn logged(timer: &Timer, text: &str) -> bool {
    for _ in 0..400 {
        if is_logged(text) {
            return true;
        }
        timer.sleep(Duration::from_millis(5)).await;
    }
    false
}

/// What a failure of this run says.
fn words(environ: &Environ, what: &str) -> String {
    let run = environ.header(X_RGI_RUN).unwrap_or_default();
    format!("{what} in run {}", run.escape_ascii())
}

fn report(environ: Environ, start_response: StartResponse, whats: &'static [&str]) -> BoxBody {
    BoxBody::future(async move {
        let mut seen = Vec::new();
        for what in whats {
            let found = logged(&environ.timer(), &words(&environ, what)).await;
            seen.push(format!("{what}: {found}"));
        }
        Ok(ok(start_response).full(seen.join(", ")))
    })
}

/// An error by another name, of the same kind.
#[derive(Debug)]
struct Named(String, Box<dyn std::error::Error + Send + Sync>);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Named {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.1)
    }
}

/// Reads the body: before its answer at `/status`, and behind the beginning of it elsewhere.
fn read(mut environ: Environ, start_response: StartResponse) -> BoxBody {
    let is_behind = environ.path_info() != "/status";
    let words = words(&environ, environ.path_info());
    let mut input = environ.take_input();
    let read = async move || match input.collect(100).await {
        Ok(_) => Error::new("the body was good"),
        Err(error) => Error::new(Named(words, error.into())),
    };
    match is_behind {
        false => BoxBody::future(async move { Err::<BoxBody, _>(read().await) }),
        true => {
            let push = ok(start_response).push(async move |mut out| {
                out.write("some").await?;
                Err(read().await)
            });
            push.erased()
        }
    }
}

/// Says of what levels the lines of these are.
fn report_levels(
    environ: Environ,
    start_response: StartResponse,
    whats: &'static [&str],
) -> BoxBody {
    BoxBody::future(async move {
        let (timer, mut seen) = (environ.timer(), Vec::new());
        for what in whats {
            let words = words(&environ, what);
            for _ in 0..400 {
                if !levels(&words).is_empty() {
                    break;
                }
                timer.sleep(Duration::from_millis(5)).await;
            }
            seen.push(format!("{what}: {:?}", levels(&words)));
        }
        Ok(ok(start_response).full(seen.join(", ")))
    })
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "failures_are_logged",
        says: "errors, panics, cuts and errors that were answered for reach the log",
        rules: &[93, 161],
        settings: Some(keep),
        app: |environ, start_response| {
            let words = |what| words(&environ, what);
            match environ.path_info() {
                "/error" => Events::body([Err(Error::new(words("error")))]),
                "/panic" => panic!("{}", words("panic")),
                "/cut" => Events::body([
                    Ok(Event::Start(ok(start_response))),
                    Ok(Event::Data(Bytes::from("some"))),
                    Err(Error::new(words("cut"))),
                ]),
                "/replaced" => {
                    let (_, fallback) = start_response.with_fallback();
                    let cause = Error::new(words("replaced"));
                    let started = fallback.start(StatusCode::BAD_GATEWAY, cause);
                    started.empty().into()
                }
                _ => report(
                    environ,
                    start_response,
                    &["error", "panic", "cut", "replaced"],
                ),
            }
        },
        client: |c| {
            c.get("/error");
            c.get("/panic");
            c.get("/replaced");
            c.get("/cut");
            c.get("/report");
        },
        expect: r#"
            500 by the server
            500 by the server
            502
            content-length: 0
            200
            "some"
            cut
            200
            content-length: 51
            "error: true, panic: true, cut: true, replaced: true"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "client_that_left_is_no_failure",
        says: "a client that left is answered nothing, and what its application says then is not logged",
        rules: &[163],
        settings: Some(keep),
        needs: &["told_of_disconnect", AT_ONCE],
        app: |environ, start_response| {
            let notes = Notes::of(&environ);
            if environ.path_info() == "/report" {
                let found = is_logged(&words(&environ, "left"));
                return crate::cases::environ::text(start_response, format!("logged: {found}"));
            }
            BoxBody::future(async move {
                notes.add("called");
                environ.peer().gone().await;
                Err::<BoxBody, _>(Error::new(words(&environ, "left")))
            })
        },
        client: |c| {
            c.send("GET {root}/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.noted(1);
            c.leave();
            c.noted(2);
            c.get("/report");
            c.notes(3);
        },
        expect: r#"
            200
            content-length: 13
            "logged: false"
            app: called
            app: disconnected - 0 bytes
            app: sent 200 13 bytes
        "#,
        ..Case::WIRE
    },
    Case {
        name: "client_that_is_to_blame_is_no_failure",
        says: "what a client is to blame for is in the log for whoever looks for it, once, cut or not",
        rules: &[291],
        settings: Some(keep_little),
        app: |environ, start_response| match environ.path_info() {
            "/report" => report_levels(environ, start_response, &["/status", "/cut", "/large"]),
            _ => read(environ, start_response),
        },
        client: |c| {
            const CHUNKED: &str = "HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
                {case}Transfer-Encoding: chunked\r\n\r\n";
            const TWENTY: &str = "14\r\n01234567890123456789\r\n0\r\n\r\n";
            for (target, body) in [("status", "x\r\n"), ("cut", "x\r\n"), ("large", TWENTY)] {
                c.connect();
                c.send(&format!("POST {{root}}/{target} {CHUNKED}{body}"));
                c.answer();
            }
            c.connect();
            c.get("/report");
        },
        expect: r#"
            400 by the server
            connection: close
            200
            connection: close
            "some"
            cut
            200
            connection: close
            "some"
            cut
            200
            content-length: 48
            "/status: [Debug], /cut: [Debug], /large: [Debug]"
        "#,
        ..Case::WIRE
    },
];
