//! Each check fires on what it is for, and on nothing that is right.

mod application;
mod hostile;
mod reports;
mod right;
mod server;
mod support;
mod transparent;

/// What each check says, all together: one place to read the messages.
#[test]
fn messages() {
    let mut all = application::wrong();
    all.extend(server::wrong());
    let mut text = String::new();
    for (check, findings) in &all {
        assert!(
            findings.iter().any(|finding| finding.check == *check),
            "{check} does not fire: {findings:#?}"
        );
        for finding in findings {
            text.push_str(&format!("{finding}\n"));
        }
    }
    // One that no server of the core crate's can trip has its test beside the code.
    let checks = rgi_lint::CHECKS.iter();
    for check in checks.filter(|check| check.name != "finish-missing") {
        let tried = all.iter().any(|(name, _)| *name == check.name);
        assert!(tried, "{} is not tried", check.name);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn rules_and_checks_name_each_other() {
    use rgi_spec::{Kind, rules};
    for check in rgi_lint::CHECKS {
        for number in check.rules {
            let rule = rgi_spec::rule(*number).unwrap();
            assert!(
                rule.is_held_by(Kind::Lint, check.name),
                "{} names RGI {number}, which does not name it",
                check.name
            );
        }
    }
    for rule in rules() {
        for owner in rule.owner.iter().filter(|owner| owner.kind == Kind::Lint) {
            let check = rgi_lint::CHECKS
                .iter()
                .find(|check| check.name == owner.name);
            let rules = check.map(|check| check.rules).unwrap_or_default();
            assert!(
                rules.contains(&rule.number),
                "RGI {} names {owner}",
                rule.number
            );
        }
    }
}
