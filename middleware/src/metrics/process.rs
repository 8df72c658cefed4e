//! What the system says of this process.

use std::fs;
use std::sync::OnceLock;

/// When it began, in seconds since 1970. `None` where the system does not say it as Linux does.
///
/// Asked once: a process that serves does not fork into another that does.
pub(super) fn began() -> Option<f64> {
    static BEGAN: OnceLock<Option<f64>> = OnceLock::new();
    *BEGAN.get_or_init(|| {
        let (own, all) = (
            fs::read_to_string("/proc/self/stat").ok()?,
            fs::read_to_string("/proc/stat").ok()?,
        );
        let seconds = ticks(&own)? / rustix::param::clock_ticks_per_second() as f64;
        Some(booted(&all)? + seconds)
    })
}

/// Ticks from the boot until a process began: the 22nd field (proc_pid_stat(5)). The second is its name
/// in parentheses, which may hold anything.
fn ticks(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(19)?.parse().ok()
}

/// When the system was booted, in seconds since 1970 (proc_stat(5)).
fn booted(stat: &str) -> Option<f64> {
    let mut lines = stat.lines();
    lines.find_map(|line| line.strip_prefix("btime ")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_is_no_field() {
        let rest: Vec<_> = (3..=52).map(|field| field.to_string()).collect();
        let stat = format!("7 (a) b (c) {}", rest.join(" "));
        assert_eq!(ticks(&stat), Some(22.0));
        assert_eq!(ticks("7 (a)"), None);
    }

    #[test]
    fn the_boot_has_a_line_of_its_own() {
        assert_eq!(
            booted("cpu 1 2\nbtime 1795208399\nx 1\n"),
            Some(1_795_208_399.0)
        );
        assert_eq!(booted("cpu 1 2\n"), None);
    }
}
