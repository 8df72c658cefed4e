//! What the documents say of the command is so.

use std::collections::BTreeSet;

use rgi_conformance::Level;

use crate::common::{run, text};

const DOCUMENTS: [(&str, &str); 5] = [
    ("README.md", include_str!("../../../README.md")),
    ("cli/README.md", include_str!("../../README.md")),
    ("suite/README.md", include_str!("../../../suite/README.md")),
    (
        "github-actions.yml",
        include_str!("../../../github-actions.yml"),
    ),
    ("SECURITY.md", include_str!("../../../../SECURITY.md")),
];

/// The command lines that a document shows, each from the command's name on.
fn shown(document: &str) -> impl Iterator<Item = &str> {
    let starts = document.match_indices("rgi-conformance ");
    let lines = starts.map(|(at, name)| {
        let rest = &document[at + name.len()..];
        let end = rest.find(['\n', '`', '>', '|', '&']).unwrap_or(rest.len());
        rest[..end].trim()
    });
    lines.filter(|line| !line.is_empty())
}

#[test]
fn commands_that_are_shown_exist_with_their_options() {
    let commands = [
        "rules", "matrix", "run", "levels", "replay", "corpus", "faults",
    ];
    let mut seen = BTreeSet::new();
    for (name, document) in DOCUMENTS {
        for line in shown(document) {
            let mut words = line.split_whitespace();
            let Some(command) = words.next().filter(|word| commands.contains(word)) else {
                continue;
            };
            seen.insert((name, command));
            let help = run(&[command, "--help"]);
            for option in words.filter(|word| word.starts_with("--")) {
                let option = option.trim_end_matches([',', '.', ':', ';']);
                let mut listed = text(&help.stdout).split_whitespace();
                let known = listed.any(|word| word == option);
                assert!(known, "{name}: {command} has no {option}, in: {line}");
            }
        }
    }
    // They are found at all.
    for found in [
        ("README.md", "replay"),
        ("README.md", "run"),
        ("github-actions.yml", "replay"),
        ("SECURITY.md", "matrix"),
    ] {
        assert!(seen.contains(&found), "{found:?} is not among {seen:?}");
    }
}

#[test]
fn levels_are_those_of_the_suite() {
    let readme = DOCUMENTS[0].1;
    for level in Level::ALL {
        let about = level.about().trim_end_matches('.').to_ascii_lowercase();
        let row = readme
            .lines()
            .find(|line| line.starts_with(&format!("| `{level}` | ")));
        let row = row.unwrap_or_else(|| panic!("{level} has no row"));
        assert!(row.to_ascii_lowercase().contains(&about), "{row}\n{about}");
    }
}
