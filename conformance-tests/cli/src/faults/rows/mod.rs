//! The rows, a module for each kind of thing that is done.

mod crash;
mod files;
mod flood_http1;
mod flood_http2;
mod leave;
mod load;
mod logs;
mod pid_1;
mod recycle;
mod reload;
mod scale;
mod slow;
mod stop;
mod systemd;
mod upgrade;

use std::time::Duration;

use super::load::{Load, Pace};
use super::row::Row;
use super::tally::Tally;
use super::testbed::Testbed;

/// How long clients go on between two things that happen.
const A_WHILE: Duration = Duration::from_millis(400);

/// What clients ask for all the while: who answers, and something that takes a little, so that there
/// are requests under way at any moment.
const ASKED: &[&str] = &["/environ", "/sleep?ms=20"];

/// All rows, in the order they run in.
pub(super) fn all() -> Vec<&'static Row> {
    let kinds = [
        stop::ROWS,
        reload::ROWS,
        upgrade::ROWS,
        scale::ROWS,
        logs::ROWS,
        recycle::ROWS,
        crash::ROWS,
        pid_1::ROWS,
        load::ROWS,
        slow::ROWS,
        leave::ROWS,
        flood_http1::ROWS,
        flood_http2::ROWS,
        systemd::ROWS,
        files::ROWS,
    ];
    kinds.into_iter().flatten().collect()
}

/// Does something to a server that clients ask all the while, before and after as well. Gives what
/// became of their requests, and of what was done.
fn under_load<T>(
    testbed: &Testbed,
    pace: Pace,
    deed: impl FnOnce(&Load) -> Result<T, String>,
) -> Result<(Tally, Result<T, String>), String> {
    let load = Load::start(&testbed.endpoint, ASKED, pace.at(testbed.rate))?;
    load.go_on(A_WHILE)?;
    let done = deed(&load).and_then(|done| {
        load.go_on(A_WHILE)?;
        Ok(done)
    });
    Ok((load.stop(), done))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_plain() {
        let rows = super::all();
        let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), rows.len());
        for row in rows {
            let plain = |byte: u8| byte.is_ascii_lowercase() || b"_12".contains(&byte);
            assert!(row.name.bytes().all(plain), "{}", row.name);
            assert!(row.about.ends_with('.'), "{}", row.name);
        }
    }
}
