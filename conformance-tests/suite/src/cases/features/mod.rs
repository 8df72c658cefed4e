//! What goes beyond heads and blocks: trailers and interim responses, switches of protocols, files.

pub(super) mod fields;
pub(super) mod files;
pub(super) mod upgrades;
