//! Each case is of one level, and the list of them is made from the cases.

use rgi_conformance::{Level, cases};

/// The list of the cases by level, as a document.
const LIST: &str = "LEVELS.md";

#[test]
fn every_case_is_of_one_level() {
    let mut all: Vec<&str> = Level::ALL
        .into_iter()
        .flat_map(Level::cases)
        .map(|case| case.name)
        .collect();
    let mut known: Vec<&str> = cases().map(|case| case.name).collect();
    all.sort_unstable();
    known.sort_unstable();
    assert_eq!(all, known);
}

#[test]
fn a_level_has_what_its_facts_are_about() {
    let level = |name| cases().find(|case| case.name == name).unwrap().level();
    assert_eq!(level("head_has_no_body"), Level::Core);
    // A server without the fact is held to it.
    assert_eq!(level("no_upgrade_without_the_fact"), Level::Core);
    // It is about servers that may not block; others may claim to stream as well.
    assert_eq!(level("client_that_leaves_frees_its_thread"), Level::Core);
    assert_eq!(level("hundred_continue_on_first_read"), Level::Streaming);
    assert_eq!(level("slow_reader_stops_the_iteration"), Level::Streaming);
    assert_eq!(level("upgraded_body_is_polled_to_its_end"), Level::Upgrade);
}

#[test]
fn levels_are_found_by_their_names() {
    for level in Level::ALL {
        assert_eq!(level.name().parse(), Ok(level));
    }
    let wrong = "h3".parse::<Level>().unwrap_err();
    assert!(wrong.contains("'h3'") && wrong.contains("core, streaming, upgrade, h2"));
}

/// `UPDATE=1 cargo test -p rgi-conformance --test levels` writes it anew.
#[test]
fn the_list_is_that_of_the_cases() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(LIST);
    let list = list();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &list).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == list,
        "{LIST} is not that of the cases; UPDATE=1 writes it anew"
    );
}

fn list() -> String {
    let mut list = String::from(
        "# The cases by level\n\nMade from the cases: `UPDATE=1 cargo test -p rgi-conformance --test \
         levels`. A server claims\n`core` if none of its cases fails, and another level if all of its \
         cases pass as well. What a case needs\nare facts of the server's `ServerInfo`; one that has \
         them not is passed over.\n",
    );
    for level in Level::ALL {
        let cases: Vec<_> = level.cases().collect();
        if cases.is_empty() {
            continue;
        }
        let (count, about) = (cases.len(), level.about());
        list.push_str(&format!(
            "\n## {level}\n\n{about} {count} cases.\n\n| case | says | needs |\n|---|---|---|\n"
        ));
        for case in cases {
            let needs: Vec<String> = case
                .needs
                .iter()
                .map(|it| format!("`{}`", it.replace('|', "\\|")))
                .collect();
            let says = case.says.replace('|', "\\|");
            list.push_str(&format!(
                "| `{}` | {says} | {} |\n",
                case.name,
                needs.join(", ")
            ));
        }
    }
    list
}
