//! What the rules say of themselves holds, and what they name exists.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use common::{root, text};
use rgi_spec::{Kind, Level, PEP_3333, Rule, Side, rules};

fn has(rule: &Rule, kinds: &[Kind]) -> bool {
    rule.owner.iter().any(|owner| kinds.contains(&owner.kind))
}

#[test]
fn numbers_have_no_gap() {
    let numbers: Vec<u16> = rules().iter().map(|rule| rule.number).collect();
    assert_eq!(numbers, (1..=rules().len() as u16).collect::<Vec<u16>>());
    assert!(rules().len() > usize::from(PEP_3333));
}

#[test]
fn the_first_are_those_of_pep_3333() {
    for rule in rules() {
        let of_the_pep = rule.source[0].starts_with("PEP 3333, ");
        let number = rule.number;
        assert!(of_the_pep || number > PEP_3333, "rule {number}");
        assert!(
            rule.fell_away.is_none() || number <= PEP_3333,
            "rule {number} is ours and of no use"
        );
    }
}

#[test]
fn every_rule_binds_somebody_and_has_an_owner() {
    for rule in rules() {
        let number = rule.number;
        assert!(
            !rule.text.is_empty() && rule.text.ends_with('.'),
            "{number}"
        );
        assert!(!rule.binds.is_empty() && !rule.level.is_empty(), "{number}");
        let fell_away = rule.fell_away.as_ref();
        assert_eq!(rule.owner.is_empty(), fell_away.is_some(), "rule {number}");
        assert_eq!(rule.section.is_none(), fell_away.is_some(), "rule {number}");
        assert!(
            fell_away.is_none_or(|reason| reason.ends_with('.')),
            "rule {number} does not say why"
        );
        assert_eq!(
            rule.strength.is_some(),
            has(rule, &[Kind::Type]),
            "rule {number}: types hold it, and this far"
        );
    }
}

#[test]
fn a_permission_binds_nobody() {
    for rule in rules().iter().filter(|rule| has(rule, &[Kind::Permission])) {
        let number = rule.number;
        assert_eq!(rule.level, [Level::May], "rule {number} binds somebody");
        assert_eq!(rule.owner.len(), 1, "rule {number} is held by something");
    }
}

#[test]
fn what_servers_must_is_more_than_written_down() {
    let firm = [Kind::Type, Kind::Case, Kind::Unit, Kind::Lint];
    for rule in rules().iter().filter(|rule| rule.fell_away.is_none()) {
        let must = rule.level.contains(&Level::Must) && rule.binds.contains(&Side::Server);
        assert!(!must || has(rule, &firm), "rule {}", rule.number);
    }
}

/// The names of an owner's kind, with the first rule that has each.
fn names(kind: Kind) -> Vec<(u16, &'static str)> {
    let mut seen = BTreeSet::new();
    let mut names = Vec::new();
    for rule in rules() {
        for owner in rule.owner.iter().filter(|owner| owner.kind == kind) {
            if seen.insert(&owner.name) {
                names.push((rule.number, owner.name.as_str()));
            }
        }
    }
    names
}

/// Every name of a kind is there.
#[track_caller]
fn check(kind: Kind, is_there: impl Fn(&str) -> bool) {
    let missing: Vec<String> = names(kind)
        .into_iter()
        .filter(|(_, name)| !is_there(name))
        .map(|(number, name)| format!("rule {number}: {kind}:{name}"))
        .collect();
    let missing = missing.join("\n");
    assert!(missing.is_empty(), "named and not there:\n{missing}");
}

#[test]
fn types_exist() {
    let sources = sources(&root().join("gateway-core/src"));
    let programs = root().join("gateway-core/tests/types");
    check(Kind::Type, |name| match name.split_once('/') {
        Some(("compile-fail", name)) => ["rs", "stderr"]
            .iter()
            .all(|ending| programs.join(format!("{name}.{ending}")).is_file()),
        Some(("compile-pass", name)) => programs.join(format!("pass/{name}.rs")).is_file(),
        Some(_) => false,
        None => is_declared(name, &sources),
    });
}

#[test]
fn unit_tests_exist() {
    check(Kind::Unit, |name| {
        let Some((path, function)) = name.split_once("::") else {
            return false;
        };
        fs::read_to_string(root().join(path)).is_ok_and(|text| is_test(function, &text))
    });
}

#[test]
fn headings_exist() {
    let document = text("spec/RGI-1.0.md");
    let headings: Vec<&str> = document
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim())
        .collect();
    check(Kind::Document, |name| headings.contains(&name));
}

#[test]
fn cases_and_checks_exist() {
    for (kind, folder) in [
        (Kind::Case, "conformance-tests/suite/src"),
        (Kind::Lint, "conformance-tests/lint/src"),
    ] {
        let folder = root().join(folder);
        assert!(folder.is_dir(), "{} is not there", folder.display());
        let sources = sources(&folder);
        check(kind, |name| {
            let literal = format!("\"{name}\"");
            let function = format!("fn {name}(");
            sources
                .iter()
                .any(|text| text.contains(&literal) || text.contains(&function))
        });
    }
}

#[test]
fn what_is_missing_is_noticed() {
    let sources = sources(&root().join("gateway-core/src"));
    assert!(is_declared("StartResponse::start", &sources));
    assert!(is_declared("ServerInfo::run_once", &sources));
    assert!(is_declared("Event::Data", &sources));
    assert!(!is_declared("StartResponse::write", &sources));
    assert!(!is_declared("Event::Datum", &sources));
    assert!(!is_declared("StartResp", &sources));
    let text = "#[test]\nfn one() {}\nfn two() {}\n    #[test]\n    #[ignore]\n    fn three() {}\n";
    assert!(is_test("one", text) && is_test("three", text));
    assert!(!is_test("two", text) && !is_test("on", text));
}

/// The texts of all source files below a folder.
fn sources(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the sources are beside this package");
    let paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    let mut texts = Vec::new();
    for path in paths {
        if path.is_dir() {
            texts.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            texts.push(fs::read_to_string(&path).expect("a source file"));
        }
    }
    texts
}

/// Whether a file has a test of this name.
fn is_test(function: &str, text: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let declared = |line: &&str| {
        line.strip_prefix("fn ")
            .and_then(|rest| rest.strip_prefix(function))
            .is_some_and(|rest| rest.starts_with('('))
    };
    lines.iter().position(declared).is_some_and(|at| {
        let before = lines[..at].iter().rev();
        let mut attributes = before.take_while(|line| line.starts_with(['#', '/']));
        attributes.any(|line| *line == "#[test]")
    })
}

/// Whether a file declares the type and, if there is one, the member.
fn is_declared(name: &str, sources: &[String]) -> bool {
    let (kind, member) = match name.split_once("::") {
        Some((kind, member)) => (kind, Some(member)),
        None => (name, None),
    };
    let is_type = |line: &str| {
        ["struct", "enum", "trait"]
            .iter()
            .any(|word| begins(line, &format!("pub {word} {kind}")))
    };
    let is_member = |line: &str, member: &str| {
        // A variant stands without a word before it.
        let words: &[&str] = match member.starts_with(char::is_uppercase) {
            true => &[""],
            false => &[
                "pub fn ",
                "pub const fn ",
                "pub async fn ",
                "fn ",
                "async fn ",
                "pub ",
            ],
        };
        words
            .iter()
            .any(|word| begins(line, &format!("{word}{member}")))
    };
    sources.iter().any(|text| {
        let mut lines = text.lines().map(str::trim_start);
        lines.clone().any(is_type)
            && member.is_none_or(|member| lines.any(|line| is_member(line, member)))
    })
}

/// Whether a line begins with a declaration of this name, and not of a longer one.
fn begins(line: &str, declaration: &str) -> bool {
    line.strip_prefix(declaration).is_some_and(|rest| {
        rest.starts_with(['(', '<', ':', ';', ' ', ',']) && !rest.starts_with("::")
    })
}
