//! The coverage table: every requirement with what tries it.

use std::fmt::{self, Write};

use crate::{Case, Expect, Requirement, parts};

/// The table of all requirements, in Markdown: `COVERAGE.md` of this package.
pub fn coverage() -> String {
    let mut page = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut page);
    page
}

fn write(page: &mut String) -> fmt::Result {
    let requirements = crate::requirements().count();
    let cases = crate::cases().count();
    let of = |expect| crate::cases().filter(|case| case.expect == expect).count();
    writeln!(page, "# What the corpus covers\n")?;
    writeln!(
        page,
        "Made from the files beside it. {requirements} requirements, {cases} cases: \
         {} to accept, {} to reject, {} that never end, {} that the rules leave open.",
        of(Expect::Accept),
        of(Expect::Reject),
        of(Expect::Incomplete),
        of(Expect::Either),
    )?;
    for part in parts() {
        writeln!(page, "\n## {}\n\n`{}`\n", part.title, part.path)?;
        writeln!(
            page,
            "| section | level | requirement | accept | reject | open | else |"
        )?;
        writeln!(page, "|---|---|---|---|---|---|---|")?;
        for requirement in &part.requirements {
            row(page, requirement)?;
        }
    }
    Ok(())
}

fn row(page: &mut String, requirement: &Requirement) -> fmt::Result {
    let ids = |wanted: &[Expect]| {
        let cases = requirement.cases.iter();
        let of = cases.filter(|case| wanted.contains(&case.expect));
        of.map(short).collect::<Vec<_>>().join(" ")
    };
    let mut others = Vec::new();
    others.extend(requirement.suite.iter().map(|it| format!("case `{it}`")));
    others.extend(requirement.unit.iter().map(|it| format!("unit `{it}`")));
    let why = [&requirement.one_sided, &requirement.untried];
    others.extend(why.into_iter().flatten().cloned());
    let cells = [
        requirement.section.clone(),
        requirement.level.to_string(),
        requirement.text.replace('|', "\\|"),
        ids(&[Expect::Accept]),
        ids(&[Expect::Reject, Expect::Incomplete]),
        ids(&[Expect::Either]),
        others.join("; "),
    ];
    for cell in cells {
        let space = if cell.is_empty() { "" } else { " " };
        write!(page, "|{space}{cell} ")?;
    }
    writeln!(page, "|")
}

/// A case's name without the section, which stands in its row.
fn short(case: &Case) -> String {
    let name = case.id.rsplit('/').next().unwrap_or(&case.id);
    format!("`{name}`")
}
