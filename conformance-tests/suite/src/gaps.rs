//! Where rules, cases and checks do not fit together.

use std::collections::HashSet;

use rgi_lint::CHECKS;
use rgi_spec::{Kind, Level, Rule, Side, rule, rules};

use crate::{Case, cases};

/// What is missing between the table of rules, the cases and the checks of the lint: nothing, where
/// all is well. A line each.
pub fn gaps() -> Vec<String> {
    let mut gaps = Vec::new();
    let names: HashSet<&str> = cases().map(|case| case.name).collect();
    for rule in rules() {
        let number = rule.number;
        for owner in &rule.owner {
            match owner.kind {
                Kind::Case if !names.contains(owner.name.as_str()) => {
                    gaps.push(format!(
                        "RGI {number} names the case {}, which does not exist",
                        owner.name
                    ));
                }
                Kind::Lint if !CHECKS.iter().any(|check| check.name == owner.name) => {
                    gaps.push(format!(
                        "RGI {number} names the check {}, which does not exist",
                        owner.name
                    ));
                }
                _ => {}
            }
        }
        if is_held_by_text_alone(rule) {
            gaps.push(format!("RGI {number} binds servers, and nothing tries it"));
        }
    }
    let mut seen = HashSet::new();
    for case in cases() {
        let name = case.name;
        if !seen.insert(name) {
            gaps.push(format!("two cases are called {name}"));
        }
        if case.rules.is_empty() {
            gaps.push(format!("the case {name} proves no rule"));
        }
        gaps.extend(
            case.rules
                .iter()
                .filter_map(|number| unknown(case, *number)),
        );
        gaps.extend(unproved(case));
    }
    gaps
}

/// A MUST that binds servers, with no owner but documents.
fn is_held_by_text_alone(rule: &Rule) -> bool {
    let must = rule
        .level
        .iter()
        .any(|level| matches!(level, Level::Must | Level::Text));
    must && rule.binds.contains(&Side::Server)
        && rule.fell_away.is_none()
        && rule.owner.iter().all(|owner| owner.kind == Kind::Document)
}

/// A rule that a case names and that does not name it.
fn unknown(case: &Case, number: u16) -> Option<String> {
    let name = case.name;
    let Some(rule) = rule(number) else {
        return Some(format!(
            "the case {name} names RGI {number}, which does not exist"
        ));
    };
    (!rule.is_held_by(Kind::Case, name))
        .then(|| format!("the case {name} names RGI {number}, which does not name it"))
}

/// Rules that name a case and that it does not name.
fn unproved(case: &Case) -> Vec<String> {
    let missing = rules()
        .iter()
        .filter(|rule| rule.is_held_by(Kind::Case, case.name))
        .filter(|rule| !case.rules.contains(&rule.number));
    missing
        .map(|rule| {
            format!(
                "RGI {} names the case {}, which does not name it",
                rule.number, case.name
            )
        })
        .collect()
}
