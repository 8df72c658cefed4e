//! Rules, cases and checks fit together.

use std::collections::HashMap;

use rgi_conformance::{Memory, cases, gaps, records};

#[test]
fn every_rule_has_its_owner_and_every_case_its_rules() {
    let gaps = gaps();
    assert!(gaps.is_empty(), "\n{}", gaps.join("\n"));
}

#[test]
fn no_two_cases_share_request_and_expectation() {
    let mut seen = HashMap::new();
    for case in cases() {
        let (sent, _) = records(case, &Memory::new(case.name, ""));
        let expect: Vec<&str> = case.expect.lines().map(str::trim).collect();
        if let Some(other) = seen.insert((sent, expect), case.name) {
            panic!(
                "{other} and {} send the same and expect the same",
                case.name
            );
        }
    }
}
