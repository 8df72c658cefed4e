//! Rules, cases and checks fit together.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rgi_conformance::{Memory, cases, gaps, records};

#[test]
fn every_rule_has_its_owner_and_every_case_its_rules() {
    let gaps = gaps();
    assert!(gaps.is_empty(), "\n{}", gaps.join("\n"));
}

#[test]
fn no_two_cases_share_request_and_expectation() {
    let all: Vec<_> = cases().collect();
    let next = AtomicUsize::new(0);
    let seen = Mutex::new(HashMap::new());
    // What is not offered in memory waits for what does not come.
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                while let Some(case) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (sent, _) = records(case, &Memory::new(case.name, ""));
                    let expect: Vec<&str> = case.expect.lines().map(str::trim).collect();
                    let other = seen.lock().unwrap().insert((sent, expect), case.name);
                    assert_eq!(other, None, "{} sends and expects the same", case.name);
                }
            });
        }
    });
}
