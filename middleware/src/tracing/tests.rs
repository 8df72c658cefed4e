use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rgi_core::testing::Client;
use rgi_core::{
    App, AppExt, Body, BodyExt, BoxBody, Environ, Error, StartResponse, StatusCode, app_fn,
};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

use super::Tracing;

/// Keeps a line for all that it is told.
#[derive(Clone, Default)]
struct Listener {
    lines: Arc<Mutex<Vec<String>>>,
    spans: Arc<AtomicU64>,
}

impl Listener {
    fn tell(&self, line: impl Into<String>) {
        self.lines.lock().unwrap().push(line.into());
    }
}

struct Fields(String);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        write!(self.0, " {}={value}", field.name()).unwrap();
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Listener {
    /// Asks each time: other tests have other listeners, or none.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "rgi" || metadata.target() == "app"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields(format!("new {}", span.metadata().name()));
        span.record(&mut fields);
        self.tell(fields.0);
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut fields = Fields("record".to_owned());
        values.record(&mut fields);
        self.tell(fields.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(event.metadata().level().to_string());
        event.record(&mut fields);
        self.tell(fields.0);
    }

    fn enter(&self, _: &Id) {
        self.tell("enter");
    }

    fn exit(&self, _: &Id) {
        self.tell("exit");
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.tell("held");
        id.clone()
    }

    fn try_close(&self, _: Id) -> bool {
        self.tell("let go");
        true
    }
}

/// What is told of some requests to an application, but for who holds the span.
fn told<A: App>(app: A, ask: impl FnOnce(&Client<A>)) -> Vec<String> {
    let listener = Listener::default();
    tracing::subscriber::with_default(listener.clone(), || ask(&Client::new(app)));
    let lines = std::mem::take(&mut *listener.lines.lock().unwrap());
    let count = |what: &str| lines.iter().filter(|line| *line == what).count();
    let spans = lines.iter().filter(|line| line.starts_with("new")).count();
    assert_eq!(
        count("let go"),
        count("held") + spans,
        "it closes: {lines:?}"
    );
    assert_eq!(count("enter"), count("exit"), "{lines:?}");
    let is_kept = |line: &String| !matches!(line.as_str(), "held" | "let go");
    lines.into_iter().filter(is_kept).collect()
}

/// Says where it is.
struct Loud(BoxBody);

impl rgi_core::Stream for Loud {
    type Item = Result<rgi_core::Event, Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        tracing::info!(target: "app", "polled");
        std::pin::Pin::new(&mut self.0).poll_next(cx)
    }
}

impl Drop for Loud {
    fn drop(&mut self) {
        tracing::info!(target: "app", "dropped");
    }
}

fn loud(environ: Environ, start_response: StartResponse) -> Loud {
    tracing::info!(target: "app", "called");
    assert!(!Tracing::span(&environ).is_disabled());
    Loud(start_response.start(StatusCode::OK).full("hi").erased())
}

#[test]
fn the_application_is_in_its_span() {
    let lines = told(app_fn(loud).with(Tracing::new()), |client| {
        let request = client.request("BREW".parse().unwrap(), "/a%20b?c=d");
        request.header("user-agent", "x").send();
    });
    let events = |line: &&String| line.starts_with("INFO");
    let mut inside = false;
    for line in &lines {
        match line.as_str() {
            "enter" => inside = true,
            "exit" => inside = false,
            line if line.starts_with("INFO") => assert!(inside, "{line}: {lines:?}"),
            _ => {}
        }
    }
    let said: Vec<_> = lines.iter().filter(events).collect();
    assert_eq!(said.first().unwrap().as_str(), "INFO message=called");
    assert_eq!(said[1], "INFO message=polled");
    assert_eq!(said.last().unwrap().as_str(), "INFO message=dropped");
}

#[test]
fn it_has_the_fields_of_the_conventions() {
    let tracing = Tracing::new().prepare(|_, span| {
        span.record("http.route", "/{name}");
    });
    let lines = told(app_fn(loud).with(tracing.query()), |client| {
        client.get("/a%20b?c=d").header("user-agent", "doc").send();
    });
    assert_eq!(
        lines[0],
        "new request otel.kind=server http.request.method=GET url.scheme=http \
         url.path=/a%20b url.query=c=d client.address=127.0.0.1 client.port=50000 \
         network.protocol.version=1.1 user_agent.original=doc"
    );
    assert_eq!(lines[1], "record http.route=/{name}");
    let ends: Vec<_> = lines[2..]
        .iter()
        .filter(|line| line.starts_with("record"))
        .collect();
    assert_eq!(
        ends,
        [
            "record otel.name=GET",
            "record http.response.status_code=200",
            "record http.response.body.size=2",
            "record rgi.outcome=sent"
        ]
    );
}

#[test]
fn what_a_client_chooses_is_bounded() {
    let lines = told(app_fn(loud).with(Tracing::new()), |client| {
        client.request("BREW".parse().unwrap(), "/?secret").send();
    });
    assert_eq!(
        lines[0],
        "new request otel.kind=server http.request.method=_OTHER \
         http.request.method_original=BREW url.scheme=http url.path=/ client.address=127.0.0.1 client.port=50000 \
         network.protocol.version=1.1"
    );
}

#[cfg(feature = "router")]
#[test]
fn a_router_inside_says_the_route() {
    let router = crate::Router::new().get("/users/{id}", app_fn(fails));
    let router = router.build().unwrap();
    let lines = told(router.with(Tracing::new()), |client| {
        client.get("/users/7").send();
    });
    for line in ["http.route=/users/{id}", "otel.name=GET /users/{id}"] {
        assert!(lines.contains(&format!("record {line}")), "{lines:?}");
    }
}

fn fails(environ: Environ, start_response: StartResponse) -> BoxBody {
    let error = match environ.path_info() {
        "/busy" => Error::overloaded("no room"),
        "/bad" => Error::malformed("no sense"),
        "/left" => Error::disconnected(),
        _ => Error::new("as asked"),
    };
    let started = start_response.start(StatusCode::OK);
    match environ.path_info() {
        "/cut" => started.iter([Ok("block".into()), Err(error)]).erased(),
        _ => started.iter([Err(error)]).erased(),
    }
}

#[test]
fn failures_are_events() {
    for (target, event, records) in [
        (
            "/",
            "ERROR message=the request failed error=as asked",
            &["status_code=500", "outcome=refused", "type=500", "ERROR"][..],
        ),
        (
            "/busy",
            "WARN message=the request failed error=overloaded: no room",
            &["status_code=503", "outcome=refused", "type=503", "ERROR"],
        ),
        (
            "/bad",
            "DEBUG message=the request failed error=malformed",
            &["status_code=400", "outcome=refused"],
        ),
        (
            "/cut",
            "ERROR message=the request failed error=as asked",
            &[
                "status_code=200",
                "outcome=truncated",
                "type=truncated",
                "ERROR",
            ],
        ),
        ("/left", "DEBUG", &["outcome=disconnected"]),
    ] {
        let lines = told(app_fn(fails).with(Tracing::new()), |client| {
            client.get(target).send();
        });
        let is_event = |line: &&String| {
            ["ERROR", "WARN", "DEBUG"]
                .iter()
                .any(|level| line.starts_with(level))
        };
        let events: Vec<_> = lines.iter().filter(is_event).collect();
        assert_eq!(events.len(), 1, "{target}: {lines:?}");
        assert!(events[0].starts_with(event), "{target}: {lines:?}");
        let recorded = lines.iter().filter(|line| {
            line.starts_with("record") && !line.contains("body.size") && !line.contains("otel.name")
        });
        let recorded: Vec<_> = recorded.collect();
        assert_eq!(recorded.len(), records.len(), "{target}: {lines:?}");
        for (line, end) in recorded.iter().zip(records) {
            assert!(line.ends_with(end), "{target}: {lines:?}");
        }
    }
}

#[test]
fn where_nobody_listens_nothing_is_made() {
    fn quiet(environ: Environ, start_response: StartResponse) -> impl Body {
        assert!(Tracing::span(&environ).is_disabled());
        assert!(environ.extensions().is_empty());
        start_response.start(StatusCode::OK).full("hi")
    }
    let client = Client::new(app_fn(quiet).with(Tracing::new()));
    assert_eq!(client.get("/").send().text(), "hi");
}
