//! The guide builds this server: its code is this code, all of it.

const GUIDE: &str = include_str!("../../../docs/writing-a-server.md");
const SOURCE: &str = include_str!("../src/lib.rs");

fn blocks() -> Vec<&'static str> {
    let behind = GUIDE.split("```rust\n").skip(1);
    behind
        .map(|text| text.split("```").next().unwrap())
        .collect()
}

#[test]
fn each_block_of_the_guide_stands_in_the_source_in_this_order() {
    let mut rest = SOURCE;
    for block in blocks() {
        let at = rest.find(block);
        let at = at.unwrap_or_else(|| panic!("not there, or not behind the one before:\n{block}"));
        rest = &rest[at + block.len()..];
    }
}

#[test]
fn all_of_the_source_stands_in_the_guide() {
    let told: Vec<_> = blocks().iter().flat_map(|block| block.lines()).collect();
    for line in SOURCE.lines().filter(|line| !line.starts_with("#!")) {
        assert!(line.is_empty() || told.contains(&line), "{line}");
    }
}

#[test]
fn it_is_as_short_as_the_guide_says() {
    let lines = SOURCE.lines().count();
    assert!(lines < 150, "{lines} lines");
    assert!(GUIDE.contains(&format!("{lines} lines")));
}
