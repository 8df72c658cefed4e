//! Rules that types hold: programs that break one do not compile, and the message says why.
//!
//! One file a rule in `types/`; `types/pass/` has what must compile. To see a changed message:
//! `TRYBUILD=overwrite cargo test -p rgi-core --test types`.

#[test]
fn rules_that_types_hold() {
    let programs = trybuild::TestCases::new();
    programs.compile_fail("tests/types/*.rs");
    programs.pass("tests/types/pass/*.rs");
}
