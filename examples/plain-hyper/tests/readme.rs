//! The README of the conformance tests shows this program.

#[test]
fn the_readme_shows_the_program_that_runs() {
    let readme = include_str!("../../../conformance-tests/README.md");
    let (_, program) = include_str!("../src/main.rs").split_once("\n\n").unwrap();
    assert!(readme.contains(&format!("```rust\n{program}```\n")));
}
