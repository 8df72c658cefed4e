//! The guide builds `Timeout`: its last part is the source, all of it, with some of its tests. What
//! comes before are tests of its own: `lib.rs` has them run.

const GUIDE: &str = include_str!("../../docs/writing-middleware.md");
const SETTINGS: &str = include_str!("../src/timeout/mod.rs");
const BODY: &str = include_str!("../src/timeout/body.rs");
const TESTS: &str = include_str!("../src/timeout/tests.rs");
const TABLE: &str = include_str!("send.rs");
const CASES: &str = include_str!("../../conformance-tests/middleware/src/cases/timeout.rs");

fn blocks() -> Vec<&'static str> {
    let behind = GUIDE.split("```rust,ignore\n").skip(1);
    behind
        .map(|text| text.split("```").next().unwrap())
        .collect()
}

#[test]
fn each_block_of_the_guide_stands_in_the_source_in_this_order() {
    let source = [SETTINGS, BODY, TESTS, TABLE, CASES].concat();
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
    for source in [SETTINGS, BODY] {
        // What is behind the names that it uses.
        let at = source.find("\n/// ").expect("the first item");
        for line in source[at..].lines() {
            assert!(line.is_empty() || told.contains(&line), "{line}");
        }
    }
}
