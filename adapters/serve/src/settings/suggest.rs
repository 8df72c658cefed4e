//! What may have been meant.

/// The one of `names` that `typed` may have been meant to be: one it begins, or else the one that
/// takes the fewest slips of the finger, if those are few.
pub(super) fn nearest<'a>(
    typed: &str,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let typed = typed.to_ascii_lowercase().replace('_', "-");
    let mut begun = names
        .clone()
        .filter(|name| typed.len() >= 3 && name.starts_with(&typed));
    if let (Some(name), None) = (begun.next(), begun.next()) {
        return Some(name);
    }
    names
        .map(|name| (slips(&typed, name), name))
        .filter(|(slips, name)| slips * 3 <= name.len())
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, name)| name)
}

/// How many characters were left out, put in, mistaken or swapped with the next one.
fn slips(typed: &str, meant: &str) -> usize {
    let (typed, meant): (Vec<_>, Vec<_>) = (typed.chars().collect(), meant.chars().collect());
    // What was typed may be of any length; what is far longer was not meant, and costs no table.
    if typed.len() > 2 * meant.len() {
        return typed.len();
    }
    let mut rows: Vec<Vec<usize>> = vec![(0..=meant.len()).collect()];
    for (i, t) in typed.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, m) in meant.iter().enumerate() {
            let mut least = (rows[i][j] + usize::from(t != m))
                .min(rows[i][j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *t == meant[j - 1] && typed[i - 1] == *m {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[typed.len()][meant.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among(typed: &str) -> Option<&'static str> {
        nearest(
            typed,
            [
                "bind",
                "threads",
                "max-head",
                "max-headers",
                "header-timeout",
            ]
            .into_iter(),
        )
    }

    #[test]
    fn slips_are_counted() {
        assert_eq!(slips("threads", "threads"), 0);
        assert_eq!(slips("thraeds", "threads"), 1);
        assert_eq!(slips("thread", "threads"), 1);
        assert_eq!(slips("treadss", "threads"), 2);
        assert_eq!(slips("", "bind"), 4);
    }

    #[test]
    fn the_nearest_name_is_found() {
        assert_eq!(among("thraeds"), Some("threads"));
        assert_eq!(among("header_timeout"), Some("header-timeout"));
        assert_eq!(among("HEADER-TIMEOUT"), Some("header-timeout"));
        assert_eq!(among("max-heads"), Some("max-head"));
        assert_eq!(among("max-headrs"), Some("max-headers"));
    }

    #[test]
    fn a_beginning_is_enough_if_it_is_clear() {
        assert_eq!(among("header"), Some("header-timeout"));
        assert_eq!(among("thr"), Some("threads"));
        assert_eq!(among("max-"), None);
    }

    #[test]
    fn what_is_far_from_all_gets_no_answer() {
        assert_eq!(among("port"), None);
        assert_eq!(among(""), None);
        assert_eq!(among(&"x".repeat(100_000)), None);
    }
}
