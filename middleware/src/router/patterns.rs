//! Patterns, checked, and what to say of those that are wrong.

use std::sync::Arc;

use matchit::InsertError;
use rgi_core::Error;

/// What stands for the path below a prefix.
const REST: &str = "/{*..}";

/// Refuses a pattern that no path is matched by, or that `matchit` reads in another way.
pub(super) fn check(pattern: &str, is_prefix: bool) -> Result<(), Error> {
    let wrong = |why: &str| Err(Error::new(format!("the pattern `{pattern}` {why}")));
    if !pattern.starts_with('/') {
        return wrong("does not begin with a slash, as each path does");
    }
    if pattern.contains(['?', '#']) {
        return wrong("has a `?` or a `#`, which no path has: it is for the path alone");
    }
    let is_sent =
        |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '^' | '`');
    let written = written(pattern);
    if let Some(c) = written.chars().find(|c| !is_sent(*c)) {
        let mut bytes = [0; 4];
        let bytes = c.encode_utf8(&mut bytes).bytes();
        let encoded: String = bytes.map(|byte| format!("%{byte:02X}")).collect();
        return wrong(&format!(
            "has `{c}`, which paths are sent without: write `{encoded}`"
        ));
    }
    if pattern.contains("{{") || pattern.contains("}}") {
        return wrong(
            "has a brace that is doubled, which paths are sent without: write `%7B` or `%7D`",
        );
    }
    let mut names = names(pattern);
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|two| two[0] == two[1]) {
        return wrong(&format!("has two parameters of the name `{}`", twice[0]));
    }
    if is_prefix && pattern.ends_with('/') {
        return wrong("ends with a slash, which is not the prefix's but that of what is below it");
    }
    if is_prefix && pattern.contains("{*") {
        return wrong("has a parameter for the rest of the path, and what is mounted has that");
    }
    Ok(())
}

/// What of a pattern stands outside of braces.
fn written(pattern: &str) -> String {
    let mut outside = true;
    let is_outside = |c: &char| {
        let was = outside;
        match c {
            '{' => outside = false,
            '}' => outside = true,
            _ => {}
        }
        was && outside
    };
    pattern.chars().filter(is_outside).collect()
}

/// The names of a pattern's parameters, in order.
pub(super) fn names(pattern: &str) -> Vec<Arc<str>> {
    let behind = pattern.split('{').skip(1);
    let inside = behind.filter_map(|text| text.split_once('}'));
    inside
        .map(|(name, _)| name.trim_start_matches('*').into())
        .collect()
}

/// What a prefix's application is for, as patterns: the prefix, and what is below it.
pub(super) fn below(prefix: &str) -> [String; 3] {
    [
        prefix.to_owned(),
        format!("{prefix}/"),
        format!("{prefix}{REST}"),
    ]
}

/// Why a pattern was not taken.
pub(super) fn refused(pattern: &str, error: InsertError) -> Error {
    let why = match error {
        InsertError::Conflict { with } => {
            let with = with.replace(REST, "/..");
            format!(
                "and `{with}` match the same paths: have one application for both, or tell them \
                 apart by what is written out"
            )
        }
        InsertError::InvalidParamSegment => {
            "has two parameters in one segment: one of them needs a segment of its own".to_owned()
        }
        InsertError::InvalidCatchAll => {
            "has a parameter for the rest of the path before its end, or behind something else in its \
             segment: write `/{*name}` at the end"
                .to_owned()
        }
        _ => "has a brace without the other one, or a parameter without a name: write `{name}`".to_owned(),
    };
    Error::new(format!("the pattern `{pattern}` {why}"))
}
