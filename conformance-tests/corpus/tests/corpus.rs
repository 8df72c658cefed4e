//! What the files of the corpus say of themselves holds, and what they name exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rgi_corpus::{Expect, cases, coverage, parts, requirements};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn ids_are_unique() {
    let mut seen = BTreeSet::new();
    for case in cases() {
        assert!(seen.insert(case.id.as_str()), "{} stands twice", case.id);
        assert!(case.id.contains('/') && !case.raw.is_empty(), "{}", case.id);
        let is_accepted = case.expect == Expect::Accept;
        assert!(!is_accepted || case.responses > 0, "{}", case.id);
        assert!(!is_accepted || case.status.is_empty(), "{}", case.id);
    }
}

/// At least one case on each side of the line, or why not.
#[test]
fn requirements_are_tried_on_both_sides() {
    for requirement in requirements() {
        let has = |wanted: &[Expect]| {
            let mut cases = requirement.cases.iter();
            cases.any(|case| wanted.contains(&case.expect))
        };
        let both = has(&[Expect::Accept]) && has(&[Expect::Reject, Expect::Incomplete]);
        let open = has(&[Expect::Either]);
        let others = !requirement.suite.is_empty() || !requirement.unit.is_empty();
        let said = requirement.one_sided.is_some() || requirement.untried.is_some();
        let text = &requirement.text;
        assert!(both || open || others || said, "{text}");
        let nothing = requirement.cases.is_empty() && !others && requirement.untried.is_none();
        assert!(!nothing, "nothing tries: {text}");
    }
}

#[test]
fn what_is_left_open_says_why() {
    for case in cases().filter(|case| case.expect == Expect::Either) {
        assert!(!case.note.is_empty(), "{}", case.id);
    }
}

#[test]
fn every_file_is_read() {
    let mut found = BTreeSet::new();
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![own.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "toml") {
                let path = path.strip_prefix(own).unwrap();
                found.insert(path.to_str().unwrap().to_owned());
            }
        }
    }
    found.remove("Cargo.toml");
    let read: BTreeSet<String> = parts().iter().map(|part| part.path.to_owned()).collect();
    assert_eq!(read, found);
}

#[test]
fn cases_of_the_suite_exist() {
    let mut text = String::new();
    let mut folders = vec![root().join("conformance-tests/suite/src/cases")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => text.push_str(&fs::read_to_string(path).unwrap()),
            }
        }
    }
    for requirement in requirements() {
        for name in &requirement.suite {
            let line = format!("name: \"{name}\"");
            assert!(text.contains(&line), "no case is called {name}");
        }
        for unit in &requirement.unit {
            let (path, name) = unit.split_once("::").expect("path::function");
            let text = fs::read_to_string(root().join(path)).expect(path);
            assert!(text.contains(&format!("fn {name}(")), "{unit}");
        }
    }
}

#[test]
fn the_table_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("COVERAGE.md");
    let made = coverage();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let stands = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stands == made,
        "UPDATE=1 cargo test -p rgi-corpus makes COVERAGE.md anew"
    );
}
