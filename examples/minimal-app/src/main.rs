//! An application and a body written by hand, with nothing made by a function.
//!
//! `/3` counts down from 3, a line at a time; another path is not found.

use std::pin::Pin;
use std::task::{Context, Poll};

use rgi_core::{
    App, Bytes, Environ, Error, Event, StartResponse, Started, StatusCode, Stream, field, media,
};

/// The application: what all requests share.
struct Countdown {
    highest: u32,
}

impl App for Countdown {
    type Body = Lines;

    fn call(&self, environ: Environ, start_response: StartResponse) -> Lines {
        let number = environ.path_info().trim_start_matches('/').parse();
        match number.ok().filter(|number| *number <= self.highest) {
            Some(number) => Lines {
                started: Some(
                    start_response
                        .start(StatusCode::OK)
                        .header(field::CONTENT_TYPE, media::TEXT_PLAIN),
                ),
                left: number,
            },
            None => Lines {
                started: Some(start_response.start(StatusCode::NOT_FOUND)),
                left: 0,
            },
        }
    }
}

/// The body: what one request needs, until it is dropped.
struct Lines {
    started: Option<Started>,
    left: u32,
}

impl Stream for Lines {
    type Item = Result<Event, Error>;

    /// The head first, then a line each time the server asks for more.
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(started) = self.started.take() {
            return Poll::Ready(Some(Ok(Event::Start(started))));
        }
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let line = Bytes::from(format!("{}\n", self.left));
        self.left -= 1;
        Poll::Ready(Some(Ok(Event::Data(line))))
    }
}

fn main() -> rgi_serve::Exit {
    rgi_serve::main(Countdown { highest: 1_000_000 })
}

#[cfg(test)]
mod tests {
    use rgi_core::testing::Client;

    use super::*;

    #[test]
    fn it_counts_down() {
        let client = Client::new(Countdown { highest: 3 });
        let reply = client.get("/3").send();
        assert_eq!(reply.status(), StatusCode::OK);
        assert_eq!(reply.text(), "3\n2\n1\n");
        assert_eq!(client.get("/0").send().text(), "");
    }

    #[test]
    fn other_paths_are_not_found() {
        let client = Client::new(Countdown { highest: 3 });
        for path in ["/", "/4", "/-1", "/three", "/3/2"] {
            let status = client.get(path).send().status();
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        }
    }
}
