//! The application's side: the events of a body.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use http::{HeaderMap, StatusCode};
use pin_project_lite::pin_project;
use rgi_core::{Body, Error, Event, Head, field};

use crate::exchange::Exchange;
use crate::lint::Open;

type Item = Option<Result<Event, Error>>;

pin_project! {
    /// The body of an application under watch: [`Lint`](crate::Lint).
    #[must_use = "a body does nothing until a server polls it"]
    pub struct Linted<B> {
        #[pin]
        body: B,
        // In a box: what may be under lint or not is no larger for it.
        grammar: Box<Grammar>,
    }

    impl<B> PinnedDrop for Linted<B> {
        fn drop(this: Pin<&mut Self>) {
            // The fields are dropped behind this; nobody runs in between.
            this.project().grammar.exchange.dropped.store(true, Ordering::Release);
        }
    }
}

impl<B> Linted<B> {
    pub(crate) fn new(
        body: B,
        exchange: Arc<Exchange>,
        number: Option<u32>,
        open: Open,
    ) -> Linted<B> {
        Linted {
            body,
            grammar: Box::new(Grammar {
                ahead: None,
                exchange,
                number,
                is_ahead: false,
                at: At::Beginning,
                promised: None,
                given: 0,
                hint: (0, None),
                is_committed: false,
                is_hint_judged: false,
                status: StatusCode::OK,
                has_type: true,
                switches: false,
                announced: Vec::new(),
                _open: open,
            }),
        }
    }
}

impl<B: Body> Stream for Linted<B> {
    type Item = Result<Event, Error>;

    // Out of line: beside it a body that is not under lint stays small enough to be inlined.
    #[inline(never)]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Item> {
        let mut this = self.project();
        if this.grammar.is_done() {
            this.grammar.polled_behind();
        }
        this.grammar.is_ahead = false;
        if let Some(item) = this.grammar.ahead.take() {
            this.grammar.judge(&item, this.body.size_hint());
            return Poll::Ready(item);
        }
        let item = ready!(this.body.as_mut().poll_next(cx));
        let hint = this.body.size_hint();
        let is_whole = this.grammar.is_whole(&item, hint);
        this.grammar.judge(&item, hint);
        if is_whole && this.grammar.is_unpromised() {
            this.grammar.is_ahead = true;
            if let Poll::Ready(next) = ask_ahead(this.body.as_mut(), cx) {
                this.grammar.judge_behind(&next);
                this.grammar.ahead = Some(next);
            }
        }
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.grammar.is_ahead {
            // The body is further than its server knows, and may think otherwise by now.
            true => self.grammar.hint,
            false => self.body.size_hint(),
        }
    }
}

/// What a body has where it said that nothing follows. No server asks there, so a panic is not the
/// application's answer: it is the end.
fn ask_ahead<B: Body>(body: Pin<&mut B>, cx: &mut Context<'_>) -> Poll<Item> {
    catch_unwind(AssertUnwindSafe(|| body.poll_next(cx))).unwrap_or(Poll::Ready(None))
}

/// Where a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before its start.
    Beginning,
    /// Behind it.
    Started,
    /// Behind trailers, which are the last event.
    Trailers,
    /// Behind an upgrade: the body is polled on, and gives no more events.
    Switched,
    /// Behind its end.
    Over,
}

/// What is known of a body.
struct Grammar {
    /// Asked for without the server, which takes the body's word for it that it ends.
    ahead: Option<Item>,
    /// The body was asked, whatever it said.
    is_ahead: bool,
    exchange: Arc<Exchange>,
    /// Of the token the application was given.
    number: Option<u32>,
    at: At,
    promised: Option<u64>,
    given: u64,
    /// How many items the body said there are to come.
    hint: (usize, Option<usize>),
    /// An event was there with which the head is sent.
    is_committed: bool,
    /// One wrong hint of a body is enough.
    is_hint_judged: bool,
    status: StatusCode,
    has_type: bool,
    /// The head switches protocols, and its upgrade has not come yet.
    switches: bool,
    /// The names in Trailer, in lower case.
    announced: Vec<String>,
    /// The body is open until it is dropped, which it is before this.
    _open: Open,
}

/// Whether a status has no content (RFC 9110 6.4.1).
fn has_none(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

impl Grammar {
    /// An item, and the hint behind it.
    fn judge(&mut self, item: &Item, hint: (usize, Option<usize>)) {
        match item {
            Some(Ok(event)) => {
                self.event(event, hint);
                self.is_committed |= event.commits();
                self.hint = hint;
            }
            Some(Err(_)) => self.at = At::Over,
            None => self.end(),
        }
    }

    fn event(&mut self, event: &Event, hint: (usize, Option<usize>)) {
        let exchange = self.exchange.clone();
        if self.at == At::Started && self.hint.1 == Some(0) {
            self.more_than_hinted();
        }
        if self.at == At::Started && event.commits() {
            self.switched(matches!(event, Event::Upgrade(_)));
        }
        match (self.at, event) {
            (At::Beginning, Event::Start(started)) => {
                self.at = At::Started;
                if let (Some(own), Some(other)) = (self.number, started.exchange())
                    && own != other
                {
                    exchange.found(
                        "token-of-another",
                        124,
                        "the start was made of a token that came with another request",
                        "each request is answered with its own",
                    );
                }
                self.start(started.head(), hint);
            }
            (At::Beginning, _) => {
                self.at = At::Started;
                exchange.found(
                    "first-event",
                    148,
                    "the body begins with something else than a start",
                    "the first event is the start that `start_response` made",
                );
            }
            (At::Started, Event::Start(_)) => exchange.found(
                "second-start",
                148,
                "a second start",
                "to replace a head, hold it back and answer with a `Fallback`",
            ),
            (At::Started, Event::Data(data)) => self.content(data.len() as u64),
            (At::Started, Event::File(region)) => self.content(region.len()),
            (At::Started, Event::Trailers(_)) if self.promised.is_some() => {
                self.at = At::Trailers;
                exchange.found(
                    "trailers-with-length",
                    177,
                    "trailers behind a promised length",
                    "HTTP/1.1 has no place for them: leave the length open",
                );
            }
            (At::Started, Event::Trailers(trailers)) => {
                self.at = At::Trailers;
                self.trailers(trailers);
            }
            (At::Started, Event::Upgrade(_)) => self.at = At::Switched,
            (At::Started, _) => {}
            (At::Trailers | At::Switched, _) => exchange.found(
                "event-after-trailers",
                149,
                "an event behind the last",
                "trailers and an upgrade are the last event",
            ),
            (At::Over, _) => exchange.found(
                "event-after-end",
                149,
                "an event behind the end",
                "`None` and an error are the end",
            ),
        }
    }

    fn start(&mut self, head: &Head, hint: (usize, Option<usize>)) {
        let exchange = self.exchange.clone();
        self.promised = head.length();
        self.has_type = head.get(&field::CONTENT_TYPE).is_some();
        self.switches = head.protocol().is_some();
        let status = head.status;
        if status.is_informational() && head.protocol().is_none() {
            exchange.found(
                "first-event",
                144,
                format!("a start with the status {status}"),
                "interim responses are sent by `inform`, a switch of protocols by `upgrade`",
            );
        }
        self.status = status;
        let names = head
            .get_all(&field::TRAILER)
            .filter_map(|value| value.to_str().ok());
        self.announced = names
            .flat_map(|names| names.split(','))
            .map(|name| name.trim().to_ascii_lowercase())
            .collect();
        if hint.0 > 0 && (has_none(status) || status == StatusCode::RESET_CONTENT) {
            exchange.found(
                "body-where-none",
                173,
                format!("{status} with a body of {} events at least", hint.0),
                "it has no content: end with `empty`",
            );
        }
        if !has_none(status) {
            return;
        }
        let length = self.promised.filter(|_| status == StatusCode::NO_CONTENT);
        if self.has_type || length.is_some() {
            exchange.found(
                "content-fields-where-none",
                147,
                format!("{status} with a type or a length of its content"),
                "it has no content: leave the fields out",
            );
        }
    }

    /// What commits the head is there: whether it is an upgrade.
    fn switched(&mut self, is_upgrade: bool) {
        if std::mem::take(&mut self.switches) && !is_upgrade {
            self.exchange.found(
                "first-event",
                144,
                "a switch of protocols without its upgrade",
                "the upgrade follows its head at once",
            );
        }
    }

    fn content(&mut self, bytes: u64) {
        if self.given == 0 && bytes > 0 && !self.has_type {
            self.exchange.found(
                "content-type-missing",
                146,
                "content without Content-Type",
                "say what it is, or clients guess",
            );
        }
        let failed = self.exchange.input_failed.load(Ordering::Relaxed);
        if self.given == 0 && failed && self.status.is_success() {
            self.succeeded_in_spite();
        }
        let before = self.given;
        self.given += bytes;
        if let Some(promised) = self.promised
            && before <= promised
            && self.given > promised
        {
            self.exchange.found(
                "length-too-long",
                164,
                format!("{} bytes, where {promised} were promised", self.given),
                "promise the right length, or none",
            );
        }
    }

    fn trailers(&mut self, trailers: &HeaderMap) {
        let unannounced = trailers.keys().find(|name| {
            let name = name.as_str();
            !self.announced.iter().any(|announced| announced == name)
        });
        if let Some(name) = unannounced {
            self.exchange.found(
                "trailers-unannounced",
                175,
                format!("the trailer {name}, which the field Trailer does not name"),
                "announce it: some servers send no others",
            );
        }
    }

    fn end(&mut self) {
        let before = std::mem::replace(&mut self.at, At::Over);
        if before == At::Over {
            return;
        }
        if before == At::Beginning {
            self.exchange.found(
                "first-event",
                148,
                "the body ended without a start",
                "the first event is the start that `start_response` made",
            );
        }
        self.switched(false);
        let least = self.hint.0;
        if least > 0 {
            self.exchange.found(
                "size-hint",
                14,
                format!("the body ended where it had said that {least} events follow"),
                "a lower bound holds",
            );
        }
        if before == At::Started {
            self.less_than_promised();
        }
    }

    /// Whether a server takes an item for all there is: the first that is sent, behind which the
    /// body says there is nothing.
    fn is_whole(&self, item: &Item, hint: (usize, Option<usize>)) -> bool {
        let is_sent =
            |event: &Event| matches!(event, Event::Data(_) | Event::File(_)) && event.commits();
        self.at == At::Started
            && !self.is_committed
            && hint.1 == Some(0)
            && matches!(item, Some(Ok(event)) if is_sent(event))
    }

    /// Whether the length is open; if not, all there is has to be what was promised.
    fn is_unpromised(&mut self) -> bool {
        self.less_than_promised();
        self.promised.is_none()
    }

    fn less_than_promised(&mut self) {
        if self.given == 0 && self.is_for_the_head_alone() {
            return;
        }
        if let Some(promised) = self.promised.filter(|promised| *promised > self.given) {
            self.exchange.found(
                "length-too-short",
                164,
                format!("{} bytes, where {promised} were promised", self.given),
                "promise the right length, or none",
            );
        }
    }

    /// RFC 9110 8.6: of such an answer the length is what another one's content would have.
    fn is_for_the_head_alone(&self) -> bool {
        self.exchange.is_head || self.status == StatusCode::NOT_MODIFIED
    }

    fn more_than_hinted(&mut self) {
        if !std::mem::replace(&mut self.is_hint_judged, true) {
            self.exchange.found(
                "size-hint",
                14,
                "an event where the body had said that none follows",
                "an upper bound holds: what lies behind it is not sent",
            );
        }
    }

    /// What follows where the body had said that nothing does.
    fn judge_behind(&mut self, next: &Item) {
        if let Some(Ok(_)) = next {
            self.more_than_hinted();
        }
    }

    fn succeeded_in_spite(&self) {
        self.exchange.found(
            "input-misuse",
            185,
            "the answer says success, though the input had failed",
            "pass the input's error on: it has the right status",
        );
    }

    /// Whether nobody may ask for more: behind the end, behind trailers, and where all that was
    /// promised is there.
    fn is_done(&self) -> bool {
        let is_full = self.promised.is_some_and(|promised| promised == self.given);
        matches!(self.at, At::Over | At::Trailers)
            || self.at == At::Started && self.given > 0 && is_full
    }

    fn polled_behind(&mut self) {
        self.exchange.found(
            "poll-after-end",
            152,
            "the body is polled behind its end",
            "bodies need not be fused: a server stops at the end",
        );
    }
}
