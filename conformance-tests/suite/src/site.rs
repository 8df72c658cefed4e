//! The applications of all cases, as one.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rgi_core::server::ServerInfo;
use rgi_core::{
    App, BodyExt, BoxApp, BoxBody, Environ, Error, FieldName, Full, Head, HeaderValue,
    LocalLifespan, Outcome, StartResponse, StatusCode, Worker, app_fn,
};
use rgi_lint::Lint;

use crate::case::case;
use crate::{Case, Notes};

/// The field by which a request names its case.
pub const X_RGI_CASE: &str = "x-rgi-case";
/// The field by which a request names the run it belongs to: notes are kept by it.
pub const X_RGI_RUN: &str = "x-rgi-run";

const X_RGI_APP: FieldName = FieldName::from_static("x-rgi-app");

/// What the client asks beside the cases.
pub(crate) const FACTS: &str = ".facts";
pub(crate) const NOTES: &str = ".notes";
pub(crate) const SIGNAL: &str = ".signal";
pub(crate) const FORGET: &str = ".forget";

/// The applications of all cases, as one: a request names its case in a field ([`X_RGI_CASE`]).
///
/// Each of its answers says so (`x-rgi-app: conformance`), so that a client can tell them from those
/// a server makes by itself. All are under lint, their server with them.
#[derive(Clone, Debug)]
pub struct Site {
    lint: Lint<()>,
    more: &'static [&'static [Case]],
    /// Requests that name no case are read and answered.
    reads: bool,
    /// What was told of the server at start-up.
    told: Option<Told>,
    around: Option<Around>,
}

#[derive(Clone)]
struct Around(Arc<dyn Fn(BoxApp) -> BoxApp + Send + Sync>);

impl fmt::Debug for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Around")
    }
}

/// The facts that were told at start-up: cases find them in the environ.
#[derive(Clone, Debug)]
pub(crate) struct Told(pub(crate) ServerInfo);

/// The life of the [`Site`] in the workers of a server, which share it.
#[derive(Clone, Default)]
pub struct SiteLifespan {
    site: Site,
    started: Arc<OnceLock<BoxApp>>,
}

impl fmt::Debug for SiteLifespan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SiteLifespan").field(&self.site).finish()
    }
}

impl From<Site> for SiteLifespan {
    fn from(site: Site) -> SiteLifespan {
        SiteLifespan {
            site,
            started: Arc::default(),
        }
    }
}

impl LocalLifespan for SiteLifespan {
    type App = BoxApp;

    async fn startup(&self, worker: &Worker) -> Result<BoxApp, Error> {
        let app = || {
            let mut site = self.site.clone();
            site.told = Some(Told(worker.server.clone()));
            site.into_app()
        };
        Ok(self.started.get_or_init(app).clone())
    }

    async fn shutdown(&self, _: &BoxApp) {}
}

impl Site {
    /// For one server: it is watched for what it says of itself.
    pub fn new() -> Site {
        // Cases say no more than they are about.
        Site {
            lint: Lint::new(()).except(&["content-type-missing"]),
            more: &[],
            reads: false,
            told: None,
            around: None,
        }
    }

    /// Puts something around it, such as middleware, which is held to the cases with the server:
    ///
    /// ```
    /// use rgi_conformance::{Memory, Site, check};
    /// use rgi_core::{AppExt, Head};
    ///
    /// let site = Site::new().around(|app| app.map_start(|_: &mut Head| {}).erased());
    /// check("many_blocks_arrive_in_order", &Memory::serving(site.into_app(), "", ""));
    /// ```
    pub fn around(mut self, wrap: impl Fn(BoxApp) -> BoxApp + Send + Sync + 'static) -> Site {
        self.around = Some(Around(Arc::new(wrap)));
        self
    }

    /// The application, with what is around it.
    pub fn into_app(mut self) -> BoxApp {
        let around = self.around.take();
        let app: BoxApp = Arc::new(Answers(self));
        match around {
            Some(Around(wrap)) => wrap(app),
            None => app,
        }
    }

    /// With these cases beside those of the suite, for who has some of their own. Where two have one
    /// name, it is that of the first of these.
    pub fn with(mut self, cases: &'static [&'static [Case]]) -> Site {
        self.more = cases;
        self
    }

    /// Has it read each request that names no case, to its end, and answer 200: the application that
    /// corpora of raw requests are replayed against.
    pub fn reading(mut self) -> Site {
        self.reads = true;
        self
    }

    fn case(&self, name: &str) -> Option<&'static Case> {
        let more = self.more.iter().flat_map(|topic| topic.iter());
        more.into_iter()
            .find(|case| case.name == name)
            .or_else(|| case(name))
    }

    fn answer(&self, mut environ: Environ, start_response: StartResponse) -> BoxBody {
        let text = |name| {
            let value = environ.header(name).unwrap_or_default();
            String::from_utf8_lossy(value).into_owned()
        };
        let (name, run) = (text(X_RGI_CASE), text(X_RGI_RUN));
        match name.as_str() {
            FACTS => return page(start_response, facts(environ.server())),
            NOTES => return page(start_response, Notes::of_run(&run).lines().join("\n")),
            SIGNAL => {
                Notes::of_run(&run).give(environ.query().unwrap_or_default());
                return page(start_response, String::new());
            }
            FORGET => {
                let findings = Notes::forget(&run);
                let lines = findings.iter().map(|it| format!("{} {it}\n", it.check));
                return page(start_response, lines.collect());
            }
            _ => {}
        }
        if self.reads && name.is_empty() {
            return BoxBody::future(read(environ, start_response));
        }
        let Some(case) = self.case(&name) else {
            let wrong = format!("{X_RGI_CASE} names no case: {name:?}");
            let started = start_response.start(StatusCode::NOT_FOUND);
            return started.full(wrong).into();
        };
        let notes = Notes::of_run(&run);
        environ.extensions_mut().insert(notes.clone());
        if let Some(told) = &self.told {
            environ.extensions_mut().insert(told.clone());
        }
        let findings = notes.findings();
        environ.on_finish(move |outcome| notes.add(line(outcome)));
        let app = self.lint.clone().collect(&findings).part(app_fn(case.app));
        BoxBody::new(app.call(environ, start_response))
    }
}

impl Default for Site {
    fn default() -> Site {
        Site::new()
    }
}

/// The application of a site alone.
struct Answers(Site);

impl App for Answers {
    type Body = BoxBody;

    fn call(&self, environ: Environ, start_response: StartResponse) -> BoxBody {
        let body = self.0.answer(environ, start_response);
        BoxBody::new(body.map_start(|head: &mut Head| {
            head.append(X_RGI_APP, HeaderValue::from_static("conformance"));
        }))
    }
}

/// Says how long a request's body is.
async fn read(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
    let input = environ.input();
    while let Some(chunk) = std::future::poll_fn(|cx| input.poll_chunk(cx)).await {
        chunk?;
    }
    let text = format!("{} bytes\n", input.consumed());
    Ok(start_response.start(StatusCode::OK).full(text))
}

/// How an exchange ended, as a note.
fn line(outcome: &Outcome<'_>) -> String {
    let status = outcome
        .status
        .map_or("-".to_owned(), |status| status.as_u16().to_string());
    format!("{:?} {status} {} bytes", outcome.end, outcome.bytes).to_lowercase()
}

fn page(start_response: StartResponse, text: String) -> BoxBody {
    start_response.start(StatusCode::OK).full(text).into()
}

/// A server's facts, a line each.
fn facts(info: &ServerInfo) -> String {
    let facts = [
        ("multithread", info.multithread),
        ("multiprocess", info.multiprocess),
        ("reentrant", info.reentrant),
        ("may_block", info.may_block),
        ("run_once", info.run_once),
        ("sendfile", info.sendfile),
        ("informational", info.informational),
        ("trailers", info.trailers),
        ("upgrade", info.upgrade),
        ("lazy_continue", info.lazy_continue),
        ("told_of_disconnect", info.told_of_disconnect),
        ("http2", info.http2),
    ];
    let lines = facts.map(|(name, fact)| format!("{name} {fact}\n"));
    format!("software {}\n{}", info.software, lines.concat())
}
