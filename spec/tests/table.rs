//! `PEP-3333.md` and `DIFFERENCES.md` are what the data says. To write them anew: `UPDATE=1 cargo test -p rgi-spec`.

mod common;

use std::fmt::{Display, Write};
use std::fs;

use rgi_spec::differences::{Difference, differences};
use rgi_spec::pep3333::{Class, rules};

#[test]
fn the_table_is_made_from_the_data() {
    check("PEP-3333.md", page());
}

#[test]
fn the_differences_are_made_from_the_data() {
    let mut page = String::from(
        "# Where servers differ\n\n\
         Made from `differences.toml`. What the documents say of all servers holds for each but \
         for these. Cases are those of the public corpora of gunicorn and llhttp.\n\n\
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

fn page() -> String {
    let mut page = String::from(
        "# PEP 3333 in RGI\n\n\
         Made from `pep3333.toml`. The 121 rules of PEP 3333 and what became of each: every rule \
         has one class, and where two would do it has the weaker.\n\n\
         | class | rules | meaning |\n|---|--:|---|\n",
    );
    for class in Class::ALL {
        let count = rules().iter().filter(|rule| rule.class == class).count();
        line(
            &mut page,
            format_args!("| {class} | {count} | {} |", class.meaning()),
        );
    }
    line(&mut page, format_args!("| | {} | |", rules().len()));
    page.push_str(
        "\n| # | side | level | rule | class | by | note |\n|--:|---|---|---|---|---|---|\n",
    );
    for rule in rules() {
        let by: Vec<String> = rule.by.iter().map(|holder| format!("`{holder}`")).collect();
        line(
            &mut page,
            format_args!(
                "| {} | {} | {} | {} | {} | {} | {} |",
                rule.number,
                join(&rule.side),
                join(&rule.level),
                rule.text,
                rule.class,
                by.join(" "),
                rule.note.as_deref().unwrap_or(""),
            ),
        );
    }
    page
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
