//! What is counted.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;

use super::histogram::Histogram;
use super::table::Table;
use crate::observed::Ending;

pub(super) const OUTCOMES: [&str; 4] = ["sent", "refused", "truncated", "disconnected"];

/// Places of routes; those that find none are one.
const ROUTES: usize = 512;

/// Places of series; what finds none is counted without labels.
const SERIES: usize = 2048;

/// All numbers of a process.
#[derive(Debug)]
pub(super) struct Numbers {
    pub(super) in_flight: AtomicU64,
    /// By the order of [`OUTCOMES`].
    pub(super) outcomes: [AtomicU64; OUTCOMES.len()],
    pub(super) received: AtomicU64,
    pub(super) sent: AtomicU64,
    pub(super) head: Histogram,
    pub(super) series: Table<Box<Series>>,
    /// What has no place in `series`.
    pub(super) rest: Histogram,
    routes: Table<Box<str>>,
}

/// The times of requests that have all this in common.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) kind: Kind,
    pub(super) took: Histogram,
}

/// What a request is counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub(super) route: Route,
    pub(super) method: &'static str,
    /// None where none was sent.
    pub(super) status: Option<StatusCode>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Route {
    None,
    /// Its number in the table.
    Known(u32),
    /// The table is full.
    Other,
}

fn hash(value: impl std::hash::Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::new().hash_one(value)
}

impl Numbers {
    pub(super) fn new() -> Numbers {
        Numbers {
            in_flight: AtomicU64::default(),
            outcomes: Default::default(),
            received: AtomicU64::default(),
            sent: AtomicU64::default(),
            head: Histogram::default(),
            series: Table::new(SERIES),
            rest: Histogram::default(),
            routes: Table::new(ROUTES),
        }
    }

    /// The route of a label.
    pub(super) fn route(&self, label: Option<&str>) -> Route {
        let Some(label) = label else {
            return Route::None;
        };
        let found = self
            .routes
            .find(hash(label), |it| **it == *label, || label.into());
        found.map_or(Route::Other, |number| Route::Known(number as u32))
    }

    /// Counts a request in.
    pub(super) fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts it out.
    pub(super) fn end(&self, route: Route, method: &'static str, ending: &Ending) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        let outcome = OUTCOMES.iter().position(|it| *it == ending.outcome());
        if let Some(outcome) = outcome {
            self.outcomes[outcome].fetch_add(1, Ordering::Relaxed);
        }
        self.sent.fetch_add(ending.bytes, Ordering::Relaxed);
        if let Some(head) = ending.head {
            self.head.add(head);
        }
        let status = ending.status;
        let kind = Kind {
            route,
            method,
            status,
        };
        self.took(kind).add(ending.took);
    }

    fn took(&self, kind: Kind) -> &Histogram {
        let make = || {
            Box::new(Series {
                kind,
                took: Histogram::default(),
            })
        };
        let number = self.series.find(hash(kind), |it| it.kind == kind, make);
        let series = number.and_then(|number| self.series.get(number));
        series.map_or(&self.rest, |series| &series.took)
    }

    /// The label of a route; `None` where there is none.
    pub(super) fn label(&self, route: Route) -> Option<&str> {
        match route {
            Route::None => None,
            Route::Known(number) => self.routes.get(number as usize).map(|label| &**label),
            Route::Other => Some("_OTHER"),
        }
    }
}
