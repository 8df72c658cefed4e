//! The guide builds this server: its code is this code, all of it.

#[path = "../../../tests/guide.rs"]
mod guide;

const GUIDE: &str = include_str!("../../../docs/writing-a-server.md");
const SOURCE: &str = include_str!("../src/lib.rs");

fn blocks() -> Vec<&'static str> {
    guide::blocks(GUIDE, "```rust\n")
}

#[test]
fn each_block_of_the_guide_stands_in_the_source_in_this_order() {
    guide::assert_in_order(&blocks(), SOURCE);
}

#[test]
fn all_of_the_source_stands_in_the_guide() {
    let source = SOURCE.lines();
    guide::assert_told(&blocks(), source.filter(|line| !line.starts_with("#!")));
}

#[test]
fn it_is_as_short_as_the_guide_says() {
    let lines = SOURCE.lines().count();
    assert!(lines < 150, "{lines} lines");
    assert!(GUIDE.contains(&format!("{lines} lines")));
}
