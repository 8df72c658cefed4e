//! The cases, a file a topic.

mod connections;
mod endings;
mod environ;
mod features;
mod refusals;
mod requests;
mod responses;
mod workers;

use crate::Case;

/// All topics.
pub(crate) const TOPICS: &[&[Case]] = &[
    environ::CASES,
    requests::CASES,
    connections::CASES,
    refusals::CASES,
    responses::CASES,
    endings::CASES,
    features::CASES,
    workers::CASES,
];
