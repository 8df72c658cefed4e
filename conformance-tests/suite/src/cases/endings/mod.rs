//! How exchanges end: failures, panics, hooks and outcomes, clients that leave.

pub(super) mod disconnects;
pub(super) mod failures;
pub(super) mod hooks;
pub(super) mod logs;
