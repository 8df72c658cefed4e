//! Lines as they are written, and what is asked of applications for them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use rgi_core::server::{Address, Connection};
use rgi_core::testing::{Client, Request};
use rgi_core::{
    App, AppExt, BodyExt, BoxBody, End, Environ, Error, Full, Method, StartResponse, StatusCode,
    app_fn,
};
use serde_json::Value;

use super::format::{Format, LONGEST, Request as Logged};
use super::{AccessLog, AccessLogApp, WriteLine};
use crate::observed::Ending;

const ANSWER: Ending = Ending {
    end: End::Sent,
    status: Some(StatusCode::OK),
    bytes: 14,
    took: Duration::from_micros(1_234_567),
    head: Some(Duration::from_nanos(1_999)),
};

/// The line of a request of this kind, at a time in 2026.
fn line_of(format: Format, answer: Ending, peer: Address, ask: Ask) -> String {
    let line = Arc::new(Mutex::new(Vec::new()));
    let app = Formatting {
        format,
        answer,
        peer,
        line: line.clone(),
    };
    ask(&Client::new(app)).send();
    let line = std::mem::take(&mut *line.lock().unwrap());
    String::from_utf8(line).unwrap()
}

type Ask = fn(&Client<Formatting>) -> Asked<'_>;

/// Formats each request that it is called with.
struct Formatting {
    format: Format,
    answer: Ending,
    peer: Address,
    line: Arc<Mutex<Vec<u8>>>,
}

impl App for Formatting {
    type Body = Full;

    fn call(&self, mut environ: Environ, start_response: StartResponse) -> Full {
        environ.set_connection(Connection {
            peer: self.peer.clone(),
            ..Connection::default()
        });
        let request = Logged {
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_208_399_042),
            environ: &environ,
            pid: 4711,
        };
        let mut line = self.line.lock().unwrap();
        self.format.before(&mut line, &request);
        self.format.answer(&mut line, &self.answer);
        self.format.behind(&mut line, &request);
        self.format.end(&mut line, &self.answer);
        start_response.start(StatusCode::NO_CONTENT).empty()
    }
}

type Asked<'a> = Request<'a, Formatting>;

fn tcp() -> Address {
    Address::Tcp(([192, 0, 2, 7], 50_000).into())
}

fn browser(client: &Client<Formatting>) -> Asked<'_> {
    let request = client.get("/a?b=c%22");
    let request = request.header("referer", "http://other.invalid/");
    request.header("user-agent", "Mozilla/5.0 (X11; Linux)")
}

fn plain(client: &Client<Formatting>) -> Asked<'_> {
    client.get("/")
}

/// A client that wants a line of its own.
fn forger(client: &Client<Formatting>) -> Asked<'_> {
    let request = client.get("/");
    let request = request.header("referer", "\" 200 9 \"x\" \"y\\");
    request.header("user-agent", "a\t\u{85}\u{2028}é")
}

/// One that is too long everywhere.
fn greedy(client: &Client<Formatting>) -> Asked<'_> {
    let method = Method::from_bytes("M".repeat(1000).as_bytes()).unwrap();
    let request = client.request(method, &format!("/{}", "a".repeat(8000)));
    let request = request.header("referer", &"\u{80}".repeat(20_000));
    request.header("user-agent", &"\"".repeat(20_000))
}

#[test]
fn combined_is_apaches_with_how_it_ended() {
    let line = |answer, peer, ask: Ask| line_of(Format::Combined, answer, peer, ask);
    assert_eq!(
        line(ANSWER, tcp(), browser),
        "192.0.2.7 - - [20/Nov/2026:20:59:59 +0000] \"GET /a?b=c%22 HTTP/1.1\" 200 14 \
         \"http://other.invalid/\" \"Mozilla/5.0 (X11; Linux)\" \
         outcome=sent duration_ms=1234.567 head_ms=0.001\n"
    );
    let nothing = Ending {
        end: End::Disconnected,
        status: None,
        bytes: 0,
        head: None,
        ..ANSWER
    };
    let six = Address::Tcp("[2001:db8::1]:8000".parse().unwrap());
    for (peer, host) in [
        (six, "2001:db8::1"),
        (Address::Unix(Some("/tmp/a \"b".into())), "unix:"),
        (Address::None, "-"),
    ] {
        assert_eq!(
            line(nothing, peer, plain),
            format!(
                "{host} - - [20/Nov/2026:20:59:59 +0000] \"GET / HTTP/1.1\" - - \"-\" \"-\" \
                 outcome=disconnected duration_ms=1234.567 head_ms=-\n"
            )
        );
    }
    assert_eq!(
        line(ANSWER, tcp(), forger),
        "192.0.2.7 - - [20/Nov/2026:20:59:59 +0000] \"GET / HTTP/1.1\" 200 14 \
         \"\\\" 200 9 \\\"x\\\" \\\"y\\\\\" \"a\\t\\xc2\\x85\\xe2\\x80\\xa8\\xc3\\xa9\" \
         outcome=sent duration_ms=1234.567 head_ms=0.001\n"
    );
}

#[test]
fn json_says_it_all() {
    let line = |answer, peer, ask: Ask| line_of(Format::Json, answer, peer, ask);
    assert_eq!(
        line(ANSWER, tcp(), browser),
        "{\"time\":\"2026-11-20T20:59:59.042Z\",\"peer\":\"192.0.2.7:50000\",\"method\":\"GET\",\
         \"target\":\"/a?b=c%22\",\"version\":\"HTTP/1.1\",\"status\":200,\"bytes\":14,\
         \"outcome\":\"sent\",\"duration_ms\":1234.567,\"head_ms\":0.001,\
         \"referer\":\"http://other.invalid/\",\"user_agent\":\"Mozilla/5.0 (X11; Linux)\",\
         \"pid\":4711}\n"
    );
    let nothing = Ending {
        end: End::Disconnected,
        status: None,
        bytes: 0,
        head: None,
        ..ANSWER
    };
    let unix = Address::Unix(Some(PathBuf::from("/tmp/a \"\n")));
    let text = line(nothing, unix, plain);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["peer"], "unix:/tmp/a \"\n");
    assert_eq!(value["outcome"], "disconnected");
    for name in ["status", "head_ms", "referer", "user_agent"] {
        assert!(value[name].is_null(), "{name}: {text}");
    }
    let text = line(ANSWER, Address::None, forger);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert!(value["peer"].is_null());
    assert_eq!(value["referer"], "\" 200 9 \"x\" \"y\\");
    assert_eq!(value["user_agent"], "a\t\u{85}\u{2028}é");
    let inside = text.strip_suffix('\n').unwrap();
    assert!(!inside.contains(|c: char| c.is_control() || c == '\u{2028}'));
}

#[test]
fn no_line_is_longer_than_a_pipe_takes_as_a_whole() {
    let path = "\u{1}".repeat(10_000);
    let unix = || Address::Unix(Some(PathBuf::from(&path)));
    let answer = Ending {
        end: End::Disconnected,
        bytes: u64::MAX,
        took: Duration::MAX,
        head: Some(Duration::MAX),
        ..ANSWER
    };
    let combined = line_of(Format::Combined, answer, unix(), greedy);
    assert!(combined.len() <= LONGEST, "{}", combined.len());
    assert_eq!(combined.matches("...").count(), 4, "{combined}");
    let json = line_of(Format::Json, answer, unix(), greedy);
    assert!(json.len() <= LONGEST, "{}", json.len());
    let value: Value = serde_json::from_str(&json).unwrap();
    let method = value["method"].as_str().unwrap();
    assert_eq!(method, format!("{}...", "M".repeat(64)));
}

/// What was written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl WriteLine for Written {
    fn write_line(&self, line: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(line);
    }
}

/// The access log of some requests to an application.
fn log_of<A: App>(app: A, ask: impl FnOnce(&Client<AccessLogApp<A, Written>>)) -> Vec<Value> {
    let written = Written::default();
    ask(&Client::new(app.with(AccessLog::json(written.clone()))));
    let text = written.text();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn ends(environ: Environ, start_response: StartResponse) -> BoxBody {
    let started = match environ.path_info() {
        "/panic" => panic!("as asked"),
        "/none" => start_response.start(StatusCode::NO_CONTENT),
        _ => start_response.start(StatusCode::OK),
    };
    let block = || Ok::<_, Error>("block".into());
    match environ.path_info() {
        "/fails" => started.iter([Err(Error::new("as asked"))]).erased(),
        "/left" => started.iter([Err(Error::disconnected())]).erased(),
        "/cut" => started.iter([block(), Err(Error::new("so"))]).erased(),
        "/none" => started.empty().into(),
        _ => started.iter([block(), block(), block()]).erased(),
    }
}

#[test]
fn every_end_is_told() {
    let log = log_of(app_fn(ends), |client| {
        for target in ["/", "/none", "/fails", "/left", "/cut", "/panic"] {
            client.get(target).send();
        }
        client.head("/").send();
        client.get("/").leave_after(5).send();
    });
    let told: Vec<_> = log
        .iter()
        .map(|line| {
            let status = line["status"].as_u64();
            let bytes = line["bytes"].as_u64().unwrap();
            let head = line["head_ms"].as_f64();
            let took = line["duration_ms"].as_f64().unwrap();
            assert!(head.is_none_or(|head| head <= took), "{line}");
            (
                status,
                bytes,
                line["outcome"].as_str().unwrap(),
                head.is_some(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (Some(200), 15, "sent", true),
            (Some(204), 0, "sent", true),
            (Some(500), 26, "refused", false),
            (None, 0, "disconnected", false),
            (Some(200), 5, "truncated", true),
            (Some(500), 26, "refused", false),
            (Some(200), 0, "sent", true),
            (Some(200), 5, "disconnected", true),
        ]
    );
}

#[test]
fn the_head_is_timed_when_it_goes_and_not_before() {
    let app = app_fn(|environ: Environ, start_response: StartResponse| {
        let timer = environ.timer();
        let started = start_response.start(StatusCode::OK);
        started.push(async move |mut writer| {
            timer.sleep(Duration::from_millis(20)).await;
            writer.write("block").await?;
            timer.sleep(Duration::from_millis(20)).await;
            writer.write("block").await
        })
    });
    let log = log_of(app, |client| {
        client.get("/").send();
    });
    let head = log[0]["head_ms"].as_f64().unwrap();
    let took = log[0]["duration_ms"].as_f64().unwrap();
    assert!(head >= 20.0 && took >= head + 20.0, "{log:?}");
}

#[test]
fn hooks_of_the_application_run_before_its_line_is_written() {
    let written = Written::default();
    let seen = Arc::new(Mutex::new(None));
    let (log, kept) = (written.clone(), seen.clone());
    let app = app_fn(move |environ: Environ, start_response: StartResponse| {
        let (log, kept) = (log.clone(), kept.clone());
        environ.on_finish(move |_| *kept.lock().unwrap() = Some(log.text()));
        start_response.start(StatusCode::OK).full("block")
    });
    let client = Client::new(app.with(AccessLog::combined(written.clone())));
    client.get("/").send();
    assert_eq!(seen.lock().unwrap().as_deref(), Some(""));
    assert_eq!(written.text().lines().count(), 1);
}

#[test]
fn where_it_is_off_nothing_is_written() {
    let client = Client::new(AccessLogApp::<_, Written>::off(app_fn(ends)));
    assert_eq!(client.get("/").send().status(), 200);
}
