//! `rules`, `matrix` and `run` as their users see them.

#[path = "../common/mod.rs"]
mod common;
mod readme;

use rgi_core::server::{Config, Listener, Server, Stop};
use rgi_core::{IntoLifespan, marker::IsApp};

use self::common::{complains, run, text};

/// An application on a port of its own, under `prefix`, while it is used at its URL.
fn serving<A>(app: A, prefix: &str, use_it: impl FnOnce(&str))
where
    A: rgi_core::App + Send + Sync + 'static,
    A::Body: Send + 'static,
{
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stop = Stop::new();
    let told = stop.clone();
    let lifespan = IntoLifespan::<IsApp>::into_lifespan(app);
    let mut config = Config::default();
    prefix.clone_into(&mut config.script_name);
    let server = std::thread::spawn(move || {
        rgi_evented::Evented::new(config).serve(lifespan, vec![Listener::Tcp(listener)], told)
    });
    use_it(&url);
    stop.now();
    server.join().unwrap().unwrap();
}

#[test]
fn rules_are_listed_with_their_owners_and_counted() {
    let output = run(&["rules"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}");
    let line = out
        .lines()
        .find(|line| line.starts_with("RGI 17 "))
        .unwrap();
    assert!(
        line.contains("MUST") && line.contains("application"),
        "{line}"
    );
    assert!(
        line.contains("type:compile-fail/body_without_start"),
        "{line}"
    );
    for kind in [
        "case",
        "document",
        "fell away",
        "lint",
        "permission",
        "type",
        "unit",
    ] {
        let held = out.lines().filter(|line| {
            let named = line.contains(&format!(" {kind}:"));
            line.starts_with("RGI ") && (named || line.ends_with(&format!(" {kind}")))
        });
        // Once for each rule, however many of its owners are of the kind.
        let counted = format!("{kind:<12}{:>4}", held.count());
        assert!(out.lines().any(|line| line == counted), "{counted}");
    }
    let one = run(&["rules", "case:head_has_no_body"]);
    let rules = text(&one.stdout)
        .lines()
        .filter(|line| line.starts_with("RGI "));
    assert!((1..5).contains(&rules.count()));
    complains(&["rules", "no rule says this"], 2, &["no rule says this"]);
    complains(&["rules", "--nope"], 2, &["--nope"]);
}

#[test]
fn the_matrix_has_a_row_a_case_and_a_column_a_server() {
    let output = run(&[
        "matrix",
        "--only",
        "single_block_has",
        "--only",
        "fact_may_block",
    ]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}");
    let mut lines = out.lines();
    let heads: Vec<_> = lines.next().unwrap().split_whitespace().collect();
    let servers = ["evented", "prefork", "threaded", "coroutine", "actix"];
    let supervised = servers.map(|server| format!("{server}+supervisor"));
    let columns = servers
        .iter()
        .copied()
        .chain(["minimal-server"])
        .chain(supervised.iter().map(String::as_str));
    let columns: Vec<_> = ["case", "memory"].into_iter().chain(columns).collect();
    assert_eq!(heads, columns);
    let row = |case: &str| {
        let row = out.lines().find(|line| line.starts_with(case)).unwrap();
        let cells = row[case.len()..].split("  ").map(str::trim);
        cells.filter(|cell| !cell.is_empty()).collect::<Vec<_>>()
    };
    let all = vec!["pass"; columns.len() - 1];
    assert_eq!(row("single_block_has_its_length"), all, "{out}");
    assert_eq!(
        row("fact_may_block_holds")[..4],
        ["pass", "not offered", "not offered", "pass"],
        "{out}"
    );
    assert!(
        out.contains("not offered by evented: fact_may_block_holds: `may_block`"),
        "{out}"
    );
    assert!(
        out.contains("coroutine: 2 cases, 1 passed, 0 failed, 1 not offered"),
        "{out}"
    );
    complains(&["matrix", "--only", "no such case"], 2, &["none of the"]);
    complains(&["matrix", "--jobs", "0"], 2, &["--jobs", "'0'"]);
}

#[test]
fn levels_are_listed_and_run_by_their_names() {
    let output = run(&["levels"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}");
    for level in rgi_conformance::Level::ALL {
        let head = format!("{level}, {} cases: ", level.cases().count());
        assert!(out.contains(&head), "'{head}' is not in: {out}");
        for case in level.cases() {
            assert!(out.contains(&format!("\n  {}", case.name)), "{}", case.name);
        }
    }
    assert!(out.contains("needs lazy_continue\n"), "{out}");
    let one = run(&["levels", "upgrade"]);
    assert!(text(&one.stdout).starts_with("upgrade, "));
    assert!(!text(&one.stdout).contains("core, "));
    complains(&["levels", "h3"], 2, &["'h3'", "core, streaming"]);

    let output = run(&["run", "--server", "memory", "--level", "upgrade"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}");
    let upgrade = rgi_conformance::Level::Upgrade.cases().count();
    assert!(out.contains(&format!("memory: {upgrade} cases, ")), "{out}");
    // No level is claimed of which not all was run, nor one without the core.
    assert!(out.contains("\n  core       no: 0 of "), "{out}");
    assert!(
        out.contains("\n  upgrade    no: it may not claim core\n"),
        "{out}"
    );
    let wrong = ["run", "--server", "memory", "--level", "all"];
    complains(&wrong, 2, &["--level", "'all'"]);
    let nothing = ["matrix", "--level", "core", "--only", "fact_upgrade_holds"];
    complains(&nothing, 2, &["none of the", "--level"]);
}

#[test]
fn core_is_claimed_where_no_case_of_it_fails() {
    let output = run(&["run", "--server", "evented", "--level", "core"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}");
    assert!(out.contains("\n  core       yes: "), "{out}");
    assert!(out.contains("\n  streaming  no: 0 of "), "{out}");
}

#[test]
fn other_programs_read_what_is_printed() {
    let tried = |command: &[&str], format| {
        let more = [
            "--only",
            "single_block_has",
            "--only",
            "fact_may_block",
            "--format",
            format,
        ];
        let output = run(&[command, &more].concat());
        assert_eq!(output.status.code(), Some(0));
        text(&output.stdout).to_owned()
    };
    let one = ["run", "--server", "evented"];
    let value: serde_json::Value = serde_json::from_str(&tried(&one, "json")).unwrap();
    let counts = ["passed", "failed", "not_offered"].map(|name| value[name].as_u64().unwrap());
    assert_eq!(counts, [2, 0, 2]);
    let test = &value["tests"][0];
    assert_eq!(test["name"], "single_block_has_its_length");
    assert_eq!(test["place"], "evented, at the root");
    assert!(test["seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(value["levels"]["evented"]["core"]["claim"], false);
    let all: serde_json::Value = serde_json::from_str(&tried(&["matrix"], "json")).unwrap();
    assert_eq!(all["command"], "matrix");
    assert!(all["tests"].as_array().unwrap().len() > 20);
    let xml = tried(&one, "junit");
    assert!(
        xml.starts_with("<?xml ") && xml.ends_with("</testsuites>\n"),
        "{xml}"
    );
    assert!(
        xml.contains("<testsuite name=\"evented, under a prefix\" tests=\"2\""),
        "{xml}"
    );
    let tap = tried(&one, "tap");
    assert!(
        tap.starts_with("TAP version 14\n1..4\nok 1 - single_block"),
        "{tap}"
    );
    complains(&["matrix", "--format", "xml"], 2, &["--format", "'xml'"]);
}

#[test]
fn one_server_is_run_by_its_name() {
    let output = run(&[
        "run",
        "--server",
        "evented",
        "--only",
        "environ",
        "--only",
        "path_is",
        "--verbose",
    ]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}");
    assert!(out.contains("pass         path_is_decoded_once\n"), "{out}");
    complains(
        &["run", "--server", "nginx"],
        2,
        &[
            "'nginx'",
            "memory, evented, prefork, threaded, coroutine, actix, minimal-server",
        ],
    );
    complains(&["run"], 2, &["--server NAME or --url URL"]);
}

#[test]
fn what_is_of_a_server_at_a_url_is_refused_with_one_by_name() {
    for (option, value, why) in [
        ("--unix", "/run/app.sock", "where they listen"),
        ("--prefix", "/shop", "at the root and under a prefix"),
        ("--prefix", "", "at the root and under a prefix"),
    ] {
        let parts = [option, "goes with --url", why, "leave it out"];
        complains(&["run", "--server", "evented", option, value], 2, &parts);
        complains(&["run", option, value, "--server", "memory"], 2, &parts);
    }
}

#[test]
fn a_prefix_is_one_that_requests_can_be_sent_under() {
    for prefix in ["shop", "/", "/shop/", "/a b", "/a?b", "/\u{e4}"] {
        let parts = ["--prefix", &format!("'{prefix}'"), "begins with /", "/shop"];
        let url = "http://127.0.0.1:1";
        complains(&["run", "--url", url, "--prefix", prefix], 2, &parts);
    }
    complains(
        &["run", "--url", "http://127.0.0.1:1", "--prefix", "/a\nb"],
        2,
        &["'/a\\nb'"],
    );
    serving(
        rgi_conformance::Site::new().into_app(),
        "/a%20shop",
        |url| {
            let only = ["--only", "path_is_decoded_once"];
            let at =
                |prefix| run(&[&["run", "--url", url, "--prefix", prefix], &only[..]].concat());
            assert_eq!(at("/a%20shop").status.code(), Some(0));
            assert_eq!(at("/another").status.code(), Some(3));
            assert_eq!(at("").status.code(), Some(3));
        },
    );
}

#[test]
fn a_server_that_runs_is_tried_at_its_url() {
    serving(rgi_conformance::Site::new().into_app(), "", |url| {
        let output = run(&["run", "--url", url, "--skip", "slow"]);
        let out = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{out}");
        assert!(
            out.contains("it wants settings that a running server is not given"),
            "{out}"
        );
    });
    complains(&["run", "--url", "http://127.0.0.1:1"], 3, &["127.0.0.1:1"]);
}

#[test]
fn a_failure_is_code_1_and_told_in_full() {
    use rgi_core::{AppExt, Head};
    let broken = rgi_conformance::Site::new()
        .into_app()
        .map_start(|head: &mut Head| {
            let one = head
                .iter()
                .next()
                .map(|(name, value)| (name.clone(), value.clone()));
            if let Some((name, value)) = one {
                head.insert(name, value);
            }
        });
    serving(broken, "", |url| {
        let only = [
            "run",
            "--url",
            url,
            "--only",
            "repeated_response_fields_stay_apart",
        ];
        let output = run(&only);
        let out = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{out}");
        for part in [
            "FAIL ",
            "rules: RGI ",
            "expected:",
            "> ",
            "1 cases, 0 passed, 1 failed",
        ] {
            assert!(out.contains(part), "{part} is not in: {out}");
        }
    });
}

/// One that answers, and knows nothing of cases.
#[test]
fn what_is_not_the_site_is_said_in_a_line() {
    use rgi_core::{Environ, StartResponse, StatusCode, app_fn};
    let other = app_fn(|_: Environ, s: StartResponse| s.start(StatusCode::OK).full("hello"));
    serving(other, "", |url| {
        complains(&["run", "--url", url], 3, &["not the site of the suite"])
    });
}
