//! The settings of a run, from one table.
//!
//! [`table::OPTIONS`] names every option once: its name, value, default, help and the servers that
//! honour it. The command line, the environment, the configuration file, `--help` and
//! `--print-config` are all read off that table, so none can know an option the others do not.
//!
//! Sources are layers ([`layer::Layer`]): each says in text what it sets. They are laid over the
//! defaults from the weakest to the strongest, and every value is parsed where it stands, so a
//! wrong one is reported even if a stronger source would hide it.

mod access;
mod bad;
mod bind;
mod command_line;
mod duration;
mod environment;
mod fields;
mod file;
mod gather;
mod help;
mod kind;
mod layer;
mod level;
mod option;
mod overrides;
mod print;
mod server;
mod suggest;
mod table;
mod values;

#[cfg(test)]
mod tests;

pub use access::AccessFormat;
pub use bad::Bad;
pub use bind::Bind;
pub use fields::Settings;
pub use level::LogLevel;
pub use server::ServerKind;

pub(crate) use bad::one_line;
pub(crate) use gather::{Gathered, program_name};
pub(crate) use overrides::{Overrides, option_methods};
