//! The guide builds `Timeout`: its last part is the source, all of it, with some of its tests. What
//! comes before are tests of its own: `lib.rs` has them run.

#[path = "../../tests/guide.rs"]
mod guide;
#[path = "../../tests/manifest.rs"]
mod manifest;

const GUIDE: &str = include_str!("../../docs/writing-middleware.md");
const SETTINGS: &str = include_str!("../src/timeout/mod.rs");
const BODY: &str = include_str!("../src/timeout/body.rs");
const TESTS: &str = include_str!("../src/timeout/tests.rs");
const TABLE: &str = include_str!("send.rs");
const MANIFEST: &str = include_str!("../Cargo.toml");
const CASES: &str = include_str!("../../conformance-tests/middleware/src/cases/timeout.rs");

fn blocks() -> Vec<&'static str> {
    guide::blocks(GUIDE, "```rust,ignore\n")
}

#[test]
fn each_block_of_the_guide_stands_in_the_source_in_this_order() {
    let source = [SETTINGS, BODY, TESTS, TABLE, CASES].concat();
    guide::assert_in_order(&blocks(), &source);
}

#[test]
fn all_of_the_source_stands_in_the_guide() {
    let source = SETTINGS.lines().chain(BODY.lines());
    guide::assert_told(&blocks(), source.filter(|line| !line.starts_with("//!")));
}

#[test]
fn its_dependencies_are_among_those_of_the_package() {
    let told = guide::blocks(GUIDE, "```toml\n");
    assert_eq!(told.len(), 1);
    manifest::assert_kept(told[0], MANIFEST);
}
