//! Guides beside the source that they build, for the tests of several packages.

/// The blocks of code that open with `fence`.
pub(crate) fn blocks(guide: &'static str, fence: &str) -> Vec<&'static str> {
    let behind = guide.split(fence).skip(1);
    behind
        .map(|text| text.split("```").next().unwrap())
        .collect()
}

/// Each block stands in the source, behind the one before it.
#[track_caller]
pub(crate) fn assert_in_order(blocks: &[&str], source: &str) {
    let mut rest = source;
    for block in blocks {
        let at = rest.find(block);
        let at = at.unwrap_or_else(|| panic!("not there, or not behind the one before:\n{block}"));
        rest = &rest[at + block.len()..];
    }
}

/// Each line of the source stands in a block.
#[track_caller]
pub(crate) fn assert_told<'a>(blocks: &[&str], source: impl Iterator<Item = &'a str>) {
    let told: Vec<_> = blocks.iter().flat_map(|block| block.lines()).collect();
    for line in source {
        assert!(line.is_empty() || told.contains(&line), "{line}");
    }
}
