//! The guide builds this framework: its code is this code, all of it, and that of the notes.

const GUIDE: &str = include_str!("../../../docs/writing-a-framework.md");
const FRAMEWORK: &str = include_str!("../src/lib.rs");
const NOTES: &str = include_str!("../notes.rs");
const README: &str = include_str!("../../../README.md");

fn blocks() -> Vec<&'static str> {
    let behind = GUIDE.split("```rust\n").skip(1);
    behind
        .map(|text| text.split("```").next().unwrap())
        .collect()
}

#[test]
fn each_block_of_the_guide_stands_in_the_source_in_this_order() {
    let source = format!("{FRAMEWORK}{NOTES}");
    let mut rest = &*source;
    for block in blocks() {
        let at = rest.find(block);
        let at = at.unwrap_or_else(|| panic!("not there, or not behind the one before:\n{block}"));
        rest = &rest[at + block.len()..];
    }
}

#[test]
fn all_of_the_source_stands_in_the_guide() {
    let told: Vec<_> = blocks().iter().flat_map(|block| block.lines()).collect();
    let is_code = |line: &&str| !line.starts_with("//!") && !line.starts_with("#!");
    for line in FRAMEWORK.lines().chain(NOTES.lines()).filter(is_code) {
        assert!(line.is_empty() || told.contains(&line), "{line}");
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
