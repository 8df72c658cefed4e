//! `rgi-conformance rules`: the rules of RGI, and what holds each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Write as _};

use rgi_spec::{Rule, rules};

use crate::{Error, Exit, exit};

const HELP: &str = "\
rgi-conformance rules: the rules of RGI, and what holds each

usage: rgi-conformance rules [SUBSTR ...]

Prints of each rule its number, its level, whom it binds and its owners, then what it says and where
it comes from; then how many rules each kind of owner holds; then the gaps: a rule whose case or check
does not exist, a case that proves no rule, a MUST that binds servers and that nothing tries.

With SUBSTR, only rules that contain one, in their text, source or owners.

owners:
  type        a signature, or a program that does not compile
  case        a case of the conformance suite: see 'rgi-conformance matrix'
  lint        a check of the middleware rgi-lint
  unit        a test below the wire
  document    the text of the specification alone
  permission  it allows something and binds nobody

exit codes: 0 no gaps, 1 gaps, 2 wrong usage
";

/// Runs the subcommand with what is left of the command line.
pub(crate) fn command(mut parser: lexopt::Parser) -> Result<Exit, Error> {
    use lexopt::Arg::{Long, Short, Value};
    let mut only = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => {
                exit::print(HELP);
                return Ok(Exit::Passed);
            }
            Value(part) => only.push(part.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().into()),
        }
    }
    let mut out = String::new();
    let mut counts = BTreeMap::new();
    let wanted = |rule: &&Rule| only.is_empty() || only.iter().any(|part| has(rule, part));
    for rule in rules().iter().filter(wanted) {
        write(&mut out, rule);
        let kinds = rule.owner.iter().map(|owner| owner.kind.to_string());
        let mut kinds: BTreeSet<String> = kinds.collect();
        if kinds.is_empty() {
            kinds.insert("fell away".to_owned());
        }
        for kind in kinds {
            *counts.entry(kind).or_insert(0) += 1;
        }
    }
    if counts.is_empty() {
        return Err(Error::usage(format!(
            "no rule contains {}",
            only.join(" or ")
        )));
    }
    out.push_str("rules by owner; a rule may have several:\n");
    for (kind, count) in counts {
        let _ = writeln!(out, "{kind:<12}{count:>4}");
    }
    let gaps = rgi_conformance::gaps();
    for gap in &gaps {
        let _ = writeln!(out, "GAP {gap}");
    }
    exit::print(&out);
    match gaps.is_empty() {
        true => Ok(Exit::Passed),
        false => Ok(Exit::Failed),
    }
}

fn has(rule: &Rule, part: &str) -> bool {
    let mut texts = vec![rule.text.clone()];
    texts.extend(rule.source.iter().cloned());
    texts.extend(rule.owner.iter().map(ToString::to_string));
    texts.iter().any(|text| text.contains(part))
}

fn write(out: &mut String, rule: &Rule) {
    let owners = match &rule.fell_away {
        Some(why) => format!("fell away: {why}"),
        None => list(&rule.owner, " "),
    };
    let (level, binds) = (list(&rule.level, ", "), list(&rule.binds, ", "));
    let _ = writeln!(
        out,
        "RGI {:<4} {level:<12} {binds:<36} {owners}",
        rule.number
    );
    let _ = writeln!(out, "         {}", rule.text);
    let _ = writeln!(out, "         {}\n", rule.source.join("; "));
}

fn list<T: Display>(items: &[T], between: &str) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    items.join(between)
}
