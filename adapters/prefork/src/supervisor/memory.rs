//! What a worker occupies.

use std::fs;

use nix::unistd::Pid;

/// Bytes of memory that a process has resident; nothing if it has ended.
pub(super) fn resident(pid: Pid) -> Option<u64> {
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}
