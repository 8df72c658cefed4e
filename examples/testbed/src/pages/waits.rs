//! Answers that take their time, each in another way.

use std::thread;
use std::time::{Duration, Instant};

use rgi_core::{App, BodyExt, BoxBody, Environ, Full, StartResponse, blocking};
use tokio::runtime::Handle;

use crate::answer;
use crate::query::Query;
use crate::refusal::Refusal;

/// Waits on the server's clock, and holds up nobody on any server.
pub(crate) fn sleep(environ: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    let time = asked(&environ)?;
    Ok(BoxBody::future(async move {
        environ.timer().sleep(time).await;
        Ok(rested(start_response, time))
    }))
}

/// Waits on tokio's clock. There is none unless the runner was told so, and tokio panics without.
pub(crate) fn tokio_sleep(
    environ: Environ,
    start_response: StartResponse,
) -> Result<BoxBody, Refusal> {
    let time = asked(&environ)?;
    if Handle::try_current().is_err() {
        return Err(Refusal::not_implemented(
            "no tokio runtime is entered on this thread: start the server with `Runner::tokio`",
        ));
    }
    Ok(BoxBody::future(async move {
        tokio::time::sleep(time).await;
        Ok(rested(start_response, time))
    }))
}

/// Blocks a thread that waits for the system.
pub(crate) fn block(environ: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    lifted(environ, start_response, thread::sleep)
}

/// Blocks a thread that computes.
pub(crate) fn spin(environ: Environ, start_response: StartResponse) -> Result<BoxBody, Refusal> {
    lifted(environ, start_response, |time| {
        let begun = Instant::now();
        while begun.elapsed() < time {
            std::hint::spin_loop();
        }
    })
}

/// Spends the time where a thread may be held.
fn lifted(
    environ: Environ,
    start_response: StartResponse,
    spend: fn(Duration),
) -> Result<BoxBody, Refusal> {
    let time = asked(&environ)?;
    let app = blocking(move |_, start_response| {
        spend(time);
        Ok(rested(start_response, time))
    });
    Ok(app.call(environ, start_response).erased())
}

fn asked(environ: &Environ) -> Result<Duration, Refusal> {
    Query::of(environ).millis("ms", 10)
}

fn rested(start_response: StartResponse, time: Duration) -> Full {
    answer::text(start_response, format!("{} ms\n", time.as_millis()))
}
