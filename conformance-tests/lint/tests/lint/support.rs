//! Applications under watch.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Request;
use rgi_core::rt::ThreadClock;
use rgi_core::server::{Connection, Exchange, Host, RequestHead, ServerInfo};
use rgi_core::testing::Client;
use rgi_core::{App, Error, Event, HeaderValue, Input, Started, StatusCode, Stream, field, media};
use rgi_lint::{Finding, Findings, Lint};

/// A body of these items, with this hint all along.
pub(crate) struct Items {
    items: VecDeque<Result<Event, Error>>,
    pub(crate) hint: (usize, Option<usize>),
    is_counted: bool,
}

impl Items {
    pub(crate) fn new(items: impl IntoIterator<Item = Event>) -> Items {
        Items {
            items: items.into_iter().map(Ok).collect(),
            hint: (0, None),
            is_counted: false,
        }
    }

    /// With the true hint.
    pub(crate) fn counted(mut self) -> Items {
        self.is_counted = true;
        self
    }

    pub(crate) fn hint(mut self, least: usize, most: Option<usize>) -> Items {
        self.hint = (least, most);
        self
    }

    pub(crate) fn error(mut self) -> Items {
        self.items.push_back(Err(Error::new("broken")));
        self
    }

    pub(crate) fn then(mut self, event: Event) -> Items {
        self.items.push_back(Ok(event));
        self
    }
}

impl Stream for Items {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.items.pop_front())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.is_counted {
            true => (self.items.len(), Some(self.items.len())),
            false => self.hint,
        }
    }
}

pub(crate) fn data(text: &'static str) -> Event {
    Event::Data(text.into())
}

/// A start that says what follows.
pub(crate) fn typed(started: Started) -> Started {
    started.header(field::CONTENT_TYPE, media::TEXT_PLAIN)
}

pub(crate) fn value(text: &'static str) -> HeaderValue {
    HeaderValue::from_static(text)
}

/// What is found about an application that is asked once, by the core crate's test client.
pub(crate) fn find<A: App>(app: A) -> Vec<Finding> {
    let findings = Findings::new();
    let _ = Client::new(Lint::new(app).collect(&findings))
        .get("/")
        .send();
    findings.take()
}

/// Facts of a server that may do everything.
pub(crate) fn able() -> ServerInfo {
    let mut info = ServerInfo::default();
    info.software = "a test/1";
    info.may_block = true;
    info.multithread = true;
    info.reentrant = true;
    info
}

/// An exchange of a request.
pub(crate) fn exchange(request: Request<()>, info: ServerInfo, input: Option<Input>) -> Exchange {
    let head = RequestHead::from_parts(request.into_parts().0).unwrap();
    let host = Host::new(info, Arc::new(ThreadClock::new()));
    Exchange::new(head, input, Arc::new(host), Arc::<Connection>::default())
}

pub(crate) fn request(target: &str) -> Request<()> {
    Request::builder()
        .uri(target)
        .header("host", "a")
        .body(())
        .unwrap()
}

/// An application that is right.
pub(crate) fn hello() -> impl App + Clone {
    rgi_core::app_fn(|_, start_response: rgi_core::StartResponse| {
        typed(start_response.start(StatusCode::OK)).full("hello")
    })
}
