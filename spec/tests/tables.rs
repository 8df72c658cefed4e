//! `PEP-3333.md`, `DIFFERENCES.md` and the tables of `RGI-1.0.md` are what the data says. To write
//! them anew: `UPDATE=1 cargo test -p rgi-spec`.

mod common;

use std::fmt::{Display, Write};
use std::fs;

use rgi_spec::differences::{Difference, differences};
use rgi_spec::{Class, Kind, Level, PEP_3333, Rule, rules};

#[test]
fn the_table_of_pep_3333_is_made_from_the_data() {
    let pep = &rules()[..usize::from(PEP_3333)];
    let mut page = String::from(
        "# PEP 3333 in RGI\n\n\
         Made from `rules.toml`. The 121 rules of PEP 3333 and what became of each: every rule has \
         one class, and where two would do it has the weaker.\n\n\
         | class | rules | meaning |\n|---|--:|---|\n",
    );
    for class in Class::ALL {
        let count = pep.iter().filter(|rule| rule.class() == class).count();
        let meaning = class.meaning();
        line(&mut page, format_args!("| {class} | {count} | {meaning} |"));
    }
    line(&mut page, format_args!("| | {} | |", pep.len()));
    page.push_str(
        "\n| RGI | binds | level | rule | class | held by | note |\n|--:|---|---|---|---|---|---|\n",
    );
    for rule in pep {
        let owners: Vec<String> = rule.owner.iter().map(|o| format!("`{o}`")).collect();
        let note = rule.fell_away.as_ref().or(rule.note.as_ref());
        line(
            &mut page,
            format_args!(
                "| {} | {} | {} | {} | {} | {} | {} |",
                rule.number,
                join(&rule.binds),
                join(&rule.level),
                rule.text,
                rule.class(),
                owners.join(" "),
                note.map_or("", String::as_str),
            ),
        );
    }
    check("PEP-3333.md", page);
}

#[test]
fn the_tables_of_the_text_are_made_from_the_data() {
    let there = common::text("spec/RGI-1.0.md");
    let mut page = String::new();
    let mut sections = Vec::new();
    let mut lines = there.lines();
    while let Some(text) = lines.next() {
        page.push_str(text);
        page.push('\n');
        let Some(section) = text
            .strip_prefix("<!-- rules:")
            .and_then(|rest| rest.strip_suffix(" -->"))
        else {
            continue;
        };
        sections.push(section.to_owned());
        page.push_str(&table(section));
        assert!(
            lines.any(|text| text == "<!-- end -->"),
            "the table of {section} has no end"
        );
        page.push_str("<!-- end -->\n");
    }
    for rule in rules() {
        if let Some(section) = &rule.section {
            let number = rule.number;
            assert!(sections.contains(section), "rule {number}: no {section}");
        }
    }
    check("RGI-1.0.md", page);
}

/// The rules of a section of the text.
fn table(section: &str) -> String {
    let mut table =
        String::from("\n| RGI | level | binds | rule | held by |\n|--:|---|---|---|---|\n");
    let mut rows = 0;
    for rule in rules() {
        if rule.section.as_deref() == Some(section) {
            rows += 1;
            let mut text = rule.text.clone();
            if let Some(note) = &rule.note {
                write!(text, " *{note}*").expect("a string takes all");
            }
            let (level, binds) = (join(&rule.level), join(&rule.binds));
            let (number, held) = (rule.number, held(rule));
            line(
                &mut table,
                format_args!("| {number} | {level} | {binds} | {text} | {held} |"),
            );
        }
    }
    assert!(rows > 0, "no rule is of {section}");
    table.push('\n');
    table
}

/// The kinds of a rule's owners; for types, how far they hold it.
fn held(rule: &Rule) -> String {
    let kinds = Kind::ALL.into_iter().filter_map(|kind| {
        let is_there = rule.owner.iter().any(|owner| owner.kind == kind);
        is_there.then(|| match kind {
            Kind::Type => format!("{} by types", rule.class()),
            kind => kind.to_string(),
        })
    });
    kinds.collect::<Vec<_>>().join(", ")
}

#[test]
fn the_differences_are_made_from_the_data() {
    let mut page = String::from(
        "# Where servers differ\n\n\
         Made from `differences.toml`. What the documents say of all servers holds for each but \
         for these. Cases are those of [the corpus](../conformance-tests/corpus).\n\n\
         | server | what | why | cases |\n|---|---|---|---|\n",
    );
    for Difference {
        server,
        what,
        why,
        cases,
        ..
    } in differences()
    {
        let cases: Vec<String> = cases.iter().map(|case| format!("`{case}`")).collect();
        let cases = cases.join(" ");
        line(
            &mut page,
            format_args!("| {server} | {what} | {why} | {cases} |"),
        );
    }
    check("DIFFERENCES.md", page);
}

#[test]
fn counts() {
    let mut page = format!("{} rules\n\n", rules().len());
    let count = |of: &dyn Fn(&Rule) -> bool| rules().iter().filter(|rule| of(rule)).count();
    for level in [Level::Must, Level::Text, Level::Should, Level::May] {
        let number = count(&|rule| rule.level.contains(&level));
        line(&mut page, format_args!("level {level}: {number}"));
    }
    for kind in Kind::ALL {
        let number = count(&|rule| rule.owner.iter().any(|owner| owner.kind == kind));
        line(&mut page, format_args!("owner {kind}: {number}"));
    }
    for class in Class::ALL {
        let number = count(&|rule| rule.class() == class);
        line(&mut page, format_args!("class {class}: {number}"));
    }
    insta::assert_snapshot!(page);
}

/// What is made is what is there.
#[track_caller]
fn check(name: &str, made: String) {
    let path = common::root().join("spec").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &made).expect("the table can be written");
    }
    let there = fs::read_to_string(&path).expect("the table is there");
    let differs = there
        .lines()
        .zip(made.lines())
        .find(|(there, made)| there != made);
    assert!(
        there == made,
        "{name} is not what the data says: run `UPDATE=1 cargo test -p rgi-spec`; \
         first difference: {differs:#?}"
    );
}

fn line(page: &mut String, text: impl Display) {
    let cells = text
        .to_string()
        .replace("|  |", "| |")
        .replace("|  |", "| |");
    writeln!(page, "{cells}").expect("a string takes all");
}

fn join<T: Display>(items: &[T]) -> String {
    items
        .iter()
        .map(T::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
