//! Every case on every server.

use rgi_conformance::{Case, Local, Memory, Serve, Site, Target, Verdict, run_each};
use rgi_core::server::Server;
use rgi_middleware_cases::{TOPICS, cases};

const ROOTS: [&str; 2] = ["", "/under/a%20prefix"];

fn site() -> Site {
    Site::new().with(TOPICS)
}

fn all_pass(serve: Serve) {
    all_pass_on(|case, root| Local::with(serve, site(), case.config(root)));
}

fn all_pass_on<T: Target>(start: impl Fn(&Case, &str) -> T) {
    let mut wrong = Vec::new();
    for root in ROOTS {
        for (case, verdict) in run_each(cases(), |case| start(case, root)) {
            match verdict {
                Verdict::Passed => {}
                Verdict::NotOffered(why) => println!("{}: not offered: {why}", case.name),
                Verdict::Failed(report) => wrong.push(report),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn memory() {
    all_pass_on(|case, root| Memory::serving(site().into_app(), case.name, root));
}

#[test]
fn evented() {
    all_pass(|config, site, listeners, stop| {
        rgi_evented::Evented::new(config).serve(site, listeners, stop)
    });
}

#[test]
fn prefork() {
    all_pass(|config, site, listeners, stop| {
        rgi_prefork::Prefork::new(config).serve(site, listeners, stop)
    });
}

#[test]
fn threaded() {
    all_pass(|config, site, listeners, stop| {
        let mut config = config;
        // As many as are in the application at once in any case.
        config.threads = 8;
        rgi_threaded::Threaded::new(config).serve(site, listeners, stop)
    });
}

#[test]
fn coroutine() {
    all_pass(|config, site, listeners, stop| {
        rgi_coroutine::Coroutine::new(config).serve(site, listeners, stop)
    });
}

#[test]
fn actix() {
    all_pass(|config, site, listeners, stop| {
        rgi_actix::Actix::new(config).serve(site, listeners, stop)
    });
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = rgi_conformance::cases()
        .chain(cases())
        .map(|case| case.name)
        .collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}
