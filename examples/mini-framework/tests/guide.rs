//! The guide builds this framework: its code is this code, all of it, and that of the notes.

#[path = "../../../tests/guide.rs"]
mod guide;

const GUIDE: &str = include_str!("../../../docs/writing-a-framework.md");
const FRAMEWORK: &str = include_str!("../src/lib.rs");
const NOTES: &str = include_str!("../notes.rs");
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
fn it_is_as_short_as_is_said() {
    let lines = FRAMEWORK.lines().count();
    assert!(lines < 200, "{lines} lines");
    for text in [GUIDE, README] {
        assert!(text.contains(&format!("{lines} lines")));
    }
}
