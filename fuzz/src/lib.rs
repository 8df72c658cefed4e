//! What the fuzz targets do with their bytes: a module a target, each with a `run` that panics at a
//! finding. The bytes are what a client sends, as they are, so that seeds can be read; how they are cut
//! into pieces is drawn from them ([`pieces`]).

pub mod chunked;
pub mod commit;
pub mod connection;
pub mod differential;
pub mod head;
pub mod pieces;
pub mod plain;

use rgi_http1::Limits;

/// The names of the targets, and what each does with one input.
pub const TARGETS: &[(&str, fn(&[u8]))] = &[
    ("head", head::run),
    ("chunked", chunked::run),
    ("connection", connection::run),
    ("commit", commit::run),
    ("differential", differential::run),
];

/// The statuses with which a request that is wrong may be refused.
pub const REFUSALS: [u16; 7] = [400, 413, 414, 417, 431, 501, 505];

/// Small, so that inputs get past them.
pub const LIMITS: Limits = Limits {
    target: 60,
    head: 500,
    headers: 8,
    body: 200,
};
