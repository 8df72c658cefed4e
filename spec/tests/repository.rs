//! What the rules name exists.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::root;
use rgi_spec::pep3333::{Class, Kind, Level, rules};

#[test]
fn numbers_are_1_to_121() {
    let numbers: Vec<u16> = rules().iter().map(|rule| rule.number).collect();
    assert_eq!(numbers, (1..=121).collect::<Vec<u16>>());
}

#[test]
fn every_class_names_what_it_rests_on() {
    for rule in rules() {
        let has = |kinds: &[Kind]| rule.by.iter().any(|holder| kinds.contains(&holder.kind));
        let number = rule.number;
        assert!(
            !rule.side.is_empty() && !rule.level.is_empty(),
            "rule {number} binds nobody"
        );
        match rule.class {
            Class::Unbreakable | Class::ReadyMade | Class::Refused => {
                assert!(has(&[Kind::Signature]), "rule {number} names no signature")
            }
            Class::Wire => assert!(
                has(&[Kind::Unit, Kind::Wire]),
                "rule {number} names no test"
            ),
            Class::FellAway => assert!(rule.note.is_some(), "rule {number} does not say why"),
            Class::Permission => {
                assert_eq!(rule.level, [Level::May], "rule {number} binds somebody")
            }
            Class::Lint | Class::Document => {}
        }
    }
}

#[test]
fn what_the_rules_name_exists() {
    let sources = sources(&root().join("gateway-core/src"));
    let mut missing = Vec::new();
    for rule in rules() {
        for holder in &rule.by {
            let types = root().join("gateway-core/tests/types");
            let exists = match holder.kind {
                Kind::CompileFail => ["rs", "stderr"]
                    .iter()
                    .all(|ending| types.join(format!("{}.{ending}", holder.name)).is_file()),
                Kind::CompilePass => types.join(format!("pass/{}.rs", holder.name)).is_file(),
                Kind::Signature => is_declared(&holder.name, &sources),
                Kind::Unit | Kind::Wire => root().join(&holder.name).is_file(),
            };
            if !exists {
                missing.push(format!("rule {}: {holder}", rule.number));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "named and not there:\n{}",
        missing.join("\n")
    );
}

#[test]
fn a_missing_signature_is_noticed() {
    let sources = sources(&root().join("gateway-core/src"));
    assert!(is_declared("StartResponse::start", &sources));
    assert!(is_declared("ServerInfo::run_once", &sources));
    assert!(is_declared("Event::Data", &sources));
    assert!(!is_declared("StartResponse::write", &sources));
    assert!(!is_declared("Event::Datum", &sources));
    assert!(!is_declared("StartResp", &sources));
}

/// The texts of all source files below a folder.
fn sources(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the core crate's sources are beside this package");
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
