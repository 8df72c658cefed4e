//! The cases, a file or a folder a topic.

mod bodies;
mod connections;
mod endings;
mod environ;
mod features;
mod http2;
mod refusals;
mod requests;
mod responses;
mod workers;

use crate::Case;

/// What a case needs whose client asks something else while its answer is under way.
pub(crate) const AT_ONCE: &str = "multithread|reentrant";

/// All topics.
pub(crate) const TOPICS: &[&[Case]] = &[
    environ::line::CASES,
    environ::paths::CASES,
    environ::fields::CASES,
    environ::values::CASES,
    requests::bodies::CASES,
    requests::reading::CASES,
    requests::unread::CASES,
    requests::expectations::CASES,
    connections::keeping::CASES,
    connections::pipelines::CASES,
    connections::times::CASES,
    refusals::heads::CASES,
    refusals::targets::CASES,
    refusals::framing::CASES,
    refusals::chunks::CASES,
    refusals::limits::CASES,
    responses::heads::CASES,
    responses::lengths::CASES,
    responses::blocks::CASES,
    responses::bodiless::CASES,
    endings::failures::CASES,
    endings::disconnects::CASES,
    endings::hooks::CASES,
    endings::logs::CASES,
    features::fields::CASES,
    features::upgrades::CASES,
    features::files::CASES,
    workers::facts::CASES,
    workers::flow::CASES,
    workers::lifts::CASES,
    http2::connection::CASES,
    http2::blocks::CASES,
    http2::streams::CASES,
    http2::leaves::CASES,
    http2::heads::CASES,
    http2::bodies::CASES,
    http2::answers::CASES,
    http2::flow::CASES,
    http2::order::CASES,
];
