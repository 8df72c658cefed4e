//! An application that uses tokio's clock, also on a server that has no tokio of its own.

use std::time::Duration;

use rgi_core::{Environ, Error, Full, StartResponse, StatusCode, async_fn};
use rgi_serve::{Exit, Runner};

async fn nap(_: Environ, start_response: StartResponse) -> Result<Full, Error> {
    let slept = tokio::spawn(tokio::time::sleep(Duration::from_millis(1)));
    slept.await?;
    Ok(start_response.start(StatusCode::OK).full("rested\n"))
}

fn main() -> Exit {
    Runner::new().tokio().run(async_fn(nap))
}
