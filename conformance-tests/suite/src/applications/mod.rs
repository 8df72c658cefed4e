//! Applications: whether one keeps the rules, and answers alike whatever server it stands on.

mod difference;
mod exchange;
mod fault;
mod guarded;
mod ways;

use bytes::Bytes;
use http::Request;
use rgi_core::App;
use rgi_lint::{Finding, Findings};

use self::difference::Steady;
use self::exchange::{Asked, Ended};
pub use self::fault::{Checked, Fault, FaultKind};
use self::ways::Way;
use crate::client::Whole;

/// Checks an application: for tests of frameworks, of middleware, and of applications.
///
/// Each request is made several times, in memory and under [`rgi_lint`]: of the core crate's test
/// client at the root, under a prefix, with its body in pieces that have to be waited for and without a
/// length, with a body that breaks off, on a server that may not block, and by a client that leaves; as a HEAD, where it is a
/// GET; and over the engine of HTTP/1.1, its body with a length and in chunks. Found are
///
/// - broken rules, as the lint finds them ([`FaultKind::Rule`]);
/// - panics ([`FaultKind::Panic`]), and errors of the application that end in a 500 or in a cut
///   ([`FaultKind::Failure`]);
/// - answers that are not that of the first time ([`FaultKind::Difference`]), in status, fields, body
///   or trailers. What is not the same either when the first request is repeated, such as a counter or
///   a random name, is not compared. Under the prefix, what begins with it counts as without it; a body
///   without a length may be answered 411, a HEAD has its status compared alone.
///
/// A request's target is in origin-form (or `*`), and its fields are sent as they are, but for those of
/// the connection and of framing, which each way has its own of. `Host` is `test.invalid` if there is
/// none. An application that never answers is waited for.
///
/// ```
/// use rgi_conformance::check_app;
/// use rgi_core::{App, Bytes, Environ, Full, StartResponse, StatusCode, app_fn, field, media};
///
/// fn hello(environ: Environ, start_response: StartResponse) -> Full {
///     let started = start_response.start(StatusCode::OK);
///     started.header(field::CONTENT_TYPE, media::TEXT_PLAIN).full(environ.path_info().to_owned())
/// }
/// let get = http::Request::get("/cart?item=1").body(Bytes::new()).unwrap();
/// let post = http::Request::post("/cart").body(Bytes::from("item=1")).unwrap();
/// check_app(app_fn(hello), [get, post]).assert();
///
/// // One that says how long its body is, and is wrong.
/// let wrong = app_fn(|_: Environ, start_response: StartResponse| {
///     let started = start_response.start(StatusCode::OK).header(field::CONTENT_TYPE, media::TEXT_PLAIN);
///     started.length(5).iter([Ok::<_, rgi_core::Error>(Bytes::from("abc"))])
/// });
/// let checked = check_app(wrong, [http::Request::get("/").body("").unwrap()]);
/// assert_eq!(checked.faults[0].rule, Some(164));
/// ```
///
/// # Panics
///
/// If a target is neither in origin-form nor `*`.
pub fn check_app<A, B>(app: A, requests: impl IntoIterator<Item = Request<B>>) -> Checked
where
    A: App,
    B: Into<Bytes>,
{
    let mut checked = Checked::default();
    for request in requests {
        let asked = Asked::new(request.map(Into::into));
        check(&app, &asked, &mut checked);
    }
    checked
}

/// One request, in all ways.
fn check<A: App>(app: &A, asked: &Asked, checked: &mut Checked) {
    let findings = Findings::new();
    let made = |way| exchange::make(app, asked, way, &findings);
    let mut told = Told {
        request: asked.to_string(),
        checked,
        findings: Vec::new(),
        failures: Vec::new(),
    };
    let first = made(Way::Once);
    told.of_exchange(Way::Once, &first.ended, findings.take());
    let again = made(Way::Again);
    told.of_exchange(Way::Again, &again.ended, findings.take());
    let steady = match (&first.answer, &again.answer) {
        (Ok(first), Ok(again)) => Some(Steady::of(first, again)),
        _ => None,
    };
    for way in Way::OTHERS {
        if !way.fits(asked) {
            continue;
        }
        let made = made(way);
        told.of_exchange(way, &made.ended, findings.take());
        if !way.is_compared() {
            continue;
        }
        match (&made.answer, &steady) {
            (Err(wrong), _) => told.add(way, FaultKind::Failure, None, wrong.clone()),
            (Ok(answer), Some(steady)) => {
                for difference in differences(way, steady, answer) {
                    told.add(way, FaultKind::Difference, None, difference);
                }
            }
            (Ok(_), None) => {}
        }
    }
}

fn differences(way: Way, steady: &Steady<'_>, answer: &Whole) -> Vec<String> {
    match way {
        Way::Pieces | Way::Chunks if answer.status == 411 => Vec::new(),
        Way::Head => steady.status(answer).into_iter().collect(),
        Way::Prefix => steady.all(&exchange::without_prefix(answer)),
        _ => steady.all(answer),
    }
}

/// What was told of a request already: nothing is said twice.
struct Told<'a> {
    request: String,
    checked: &'a mut Checked,
    findings: Vec<(&'static str, u16)>,
    failures: Vec<String>,
}

impl Told<'_> {
    fn add(&mut self, way: Way, kind: FaultKind, rule: Option<u16>, happened: String) {
        self.checked.faults.push(Fault {
            request: self.request.clone(),
            way: way.name(),
            kind,
            rule,
            happened,
        });
    }

    fn of_exchange(&mut self, way: Way, ended: &[Ended], findings: Vec<Finding>) {
        for finding in findings {
            let known = (finding.check, finding.rule);
            if !self.findings.contains(&known) {
                self.findings.push(known);
                let text = format!("{}; {}", finding.happened, finding.right);
                self.add(way, FaultKind::Rule, Some(finding.rule), text);
            }
        }
        for ended in ended {
            let Some((kind, happened)) = ended.fault(way) else {
                continue;
            };
            if !self.failures.contains(&happened) {
                self.failures.push(happened.clone());
                self.add(way, kind, None, happened);
            }
        }
    }
}
