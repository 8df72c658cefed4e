//! Requests that differ in what a response may be for alone: credentials, cookies, conditions.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rgi_core::testing::{Client, Reply};
use rgi_core::{App, AppExt, BoxBody, Environ, Error, StartResponse, StatusCode};

use super::super::{Memory, PageCache};
use super::together::{Calls, holding, kept, until};

/// None goes because it waited for long.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

const OTHERS: usize = 6;

type Field = (&'static str, &'static str);

const AUTHORIZATION: Field = ("authorization", "x");
#[cfg(feature = "cookies")]
const COOKIE: Field = ("cookie", "a=b");
const CONDITION: Field = ("if-none-match", "\"1\"");
const RANGE: Field = ("range", "nonsense");

/// The number of the call, to be kept if it may be; what it looks at says the query.
fn answer(
    call: usize,
    environ: &mut Environ,
    start_response: StartResponse,
) -> Result<BoxBody, Error> {
    let looks = environ.query() == Some("looks");
    let refusal = [
        (CONDITION, StatusCode::NOT_MODIFIED),
        (RANGE, StatusCode::BAD_REQUEST),
    ];
    let refusal = refusal
        .into_iter()
        .find(|((name, _), _)| looks && environ.header(name).is_some());
    if let Some((_, status)) = refusal {
        return Ok(start_response.start(status).empty().into());
    }
    #[cfg(feature = "cookies")]
    if looks {
        crate::personal::Personal::of(environ).look();
    }
    let directives = match looks {
        true => "max-age=60",
        false => "max-age=60, public",
    };
    Ok(kept(start_response, directives)
        .full(call.to_string())
        .into())
}

fn cache() -> PageCache {
    PageCache::new(Memory::new(1 << 20)).patience(PATIENCE)
}

fn ask(app: &impl App, target: &str, fields: &[Field]) -> Reply {
    let client = Client::new(app);
    let get = client.get(target);
    let get = fields
        .iter()
        .fold(get, |get, (name, value)| get.header(name, value));
    get.send()
}

const ALL: &[Field] = &[
    AUTHORIZATION,
    CONDITION,
    RANGE,
    #[cfg(feature = "cookies")]
    COOKIE,
];

#[test]
fn one_call_serves_all_where_nothing_is_looked_at() {
    for &first in ALL {
        let (calls, cache) = (Arc::<Calls>::default(), cache());
        let app = &holding(&calls, 1, answer).with(&cache);
        let others = thread::scope(|scope| {
            scope.spawn(|| ask(app, "/", &[first]));
            until(|| calls.made() == 1);
            let others: Vec<_> = ALL
                .iter()
                .map(|&field| scope.spawn(move || ask(app, "/", &[field]).text()))
                .collect();
            until(|| cache.0.flights.waiting() == others.len());
            calls.go();
            let texts = others.into_iter().map(|it| it.join().unwrap());
            texts.collect::<Vec<_>>()
        });
        assert!(
            others.iter().all(|text| text == "1"),
            "{first:?}: {others:?}"
        );
        assert_eq!(calls.made(), 1, "{first:?}");
    }
}

#[test]
fn what_is_for_one_alone_has_the_others_wait_all_the_same() {
    for &field in ALL {
        // Others come while it is on its way, and then when it came.
        for held in [1, 2] {
            let (calls, cache) = (Arc::<Calls>::default(), cache());
            let app = holding(&calls, held, answer).with(&cache);
            if held == 2 {
                ask(&app, "/?looks", &[field]);
            }
            let first = if held == 1 { &[field][..] } else { &[] };
            let texts = thread::scope(|scope| {
                scope.spawn(|| ask(&app, "/?looks", first));
                until(|| calls.made() == held);
                let others =
                    [(); OTHERS].map(|()| scope.spawn(|| ask(&app, "/?looks", &[]).text()));
                until(|| cache.0.flights.waiting() == OTHERS);
                calls.go();
                others.map(|it| it.join().unwrap())
            });
            assert_eq!(texts, ["2"; OTHERS].map(str::to_owned), "{field:?}");
            assert_eq!((calls.made(), cache.0.flights.len()), (2, 0), "{field:?}");
        }
    }
}

#[test]
fn what_is_for_one_alone_is_waited_for_by_nobody() {
    for &field in ALL {
        let calls = Arc::<Calls>::default();
        let app = holding(&calls, 2, answer).with(cache());
        let status = ask(&app, "/?looks", &[field]).status();
        thread::scope(|scope| {
            let held = scope.spawn(|| ask(&app, "/?looks", &[field]));
            until(|| calls.made() == 2);
            assert_eq!(ask(&app, "/?looks", &[field]).status(), status);
            assert!(!held.is_finished(), "{field:?}");
            calls.go();
        });
    }
}

#[test]
fn those_who_wait_behind_such_a_one_go_at_once() {
    for &field in ALL {
        let (calls, cache) = (Arc::<Calls>::default(), cache());
        let made = calls.clone();
        let together = move |call: usize, environ: &mut Environ, start_response: StartResponse| {
            if call > 1 {
                until(|| made.made() == 1 + OTHERS);
            }
            answer(call, environ, start_response)
        };
        let app = holding(&calls, 1, together).with(&cache);
        let statuses = thread::scope(|scope| {
            let ask = || ask(&app, "/?looks", &[field]).status();
            let first = scope.spawn(ask);
            until(|| calls.made() == 1);
            let others = [(); OTHERS].map(|()| scope.spawn(ask));
            until(|| cache.0.flights.waiting() == OTHERS);
            calls.go();
            let first = first.join().unwrap();
            others.map(|it| (it.join().unwrap(), first))
        });
        assert!(
            statuses.iter().all(|(one, first)| one == first),
            "{field:?}: {statuses:?}"
        );
    }
}

#[test]
fn the_whole_page_to_a_condition_is_kept() {
    let calls = Arc::<Calls>::default();
    let app = holding(&calls, 0, answer).with(cache());
    ask(&app, "/", &[CONDITION]);
    assert_eq!(ask(&app, "/", &[]).text(), "1");
}
