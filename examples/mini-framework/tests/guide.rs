//! The guide builds this framework: its code is this code, all of it, and that of the notes.

#[path = "../../../tests/guide.rs"]
mod guide;
#[path = "../../../tests/manifest.rs"]
mod manifest;

const GUIDE: &str = include_str!("../../../docs/writing-a-framework.md");
const FRAMEWORK: &str = include_str!("../src/lib.rs");
const NOTES: &str = include_str!("../notes.rs");
const TESTS: &str = include_str!("framework.rs");
const MANIFEST: &str = include_str!("../Cargo.toml");
const README: &str = include_str!("../../../README.md");

fn blocks() -> Vec<&'static str> {
    guide::blocks(GUIDE, "```rust\n")
}

#[test]
fn each_block_of_the_guide_stands_in_the_source_in_this_order() {
    guide::assert_in_order(&blocks(), &format!("{FRAMEWORK}{NOTES}"));
}

#[test]
fn all_of_the_source_stands_in_the_guide() {
    let is_code = |line: &&str| !line.starts_with("//!") && !line.starts_with("#!");
    let source = FRAMEWORK.lines().chain(NOTES.lines());
    guide::assert_told(&blocks(), source.filter(is_code));
}

#[test]
fn what_it_shows_besides_stands_in_the_tests() {
    let lines: Vec<_> = TESTS.lines().map(str::trim).collect();
    for line in guide::blocks(GUIDE, "```rust,ignore\n").join("").lines() {
        assert!(lines.contains(&line.trim()), "{line}");
    }
}

#[test]
fn its_dependencies_are_those_of_the_package() {
    let [told] = guide::blocks(GUIDE, "```toml\n")[..] else {
        panic!("one manifest");
    };
    manifest::assert_kept(told, MANIFEST);
    for table in ["dependencies", "dev-dependencies"] {
        let of = |manifest: &str| {
            let table = &manifest.parse::<toml::Table>().unwrap()[table];
            table
                .as_table()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        let own = |name: &String| name != "toml";
        let kept: Vec<_> = of(MANIFEST).into_iter().filter(own).collect();
        assert_eq!(of(told), kept);
    }
}

#[test]
fn it_is_as_short_as_is_said() {
    let lines = FRAMEWORK.lines().count();
    assert!(lines < 200, "{lines} lines");
    for text in [GUIDE, README] {
        assert!(text.contains(&format!("{lines} lines")));
    }
}
