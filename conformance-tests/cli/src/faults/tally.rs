//! What became of many requests.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::request::{Reply, Trouble};

/// What was answered and what was not.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) sent: usize,
    /// Answered 503, where that is as good as 200.
    pub(super) busy: usize,
    pub(super) failures: Vec<Failure>,
    /// How long each took that was answered as it should be, and when it was begun.
    pub(super) answered: Vec<(Instant, Duration)>,
    /// The processes that have answered.
    pub(super) pids: BTreeSet<i32>,
}

/// A request that was not answered as it should be.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) trouble: Trouble,
    pub(super) why: String,
    begun: Instant,
    ended: Instant,
}

impl Tally {
    /// Takes note of a request that should have been answered 200, or, if `busy` is fine, 503.
    pub(super) fn count(&mut self, reply: &Reply, busy: bool) {
        self.sent += 1;
        let trouble = match (&reply.trouble, reply.status) {
            (Some(trouble), _) => Some(trouble.clone()),
            (None, Some(503)) if busy => {
                self.busy += 1;
                None
            }
            (None, Some(200)) => None,
            (None, status) => {
                let status = status.map_or_else(String::new, |status| status.to_string());
                Some((Trouble::Wrong, format!("the status {status}")))
            }
        };
        self.pids.extend(reply.pid());
        match trouble {
            None => self.answered.push((reply.begun, reply.took)),
            Some((trouble, why)) => self.failures.push(Failure {
                trouble,
                why,
                begun: reply.begun,
                ended: reply.begun + reply.took,
            }),
        }
    }

    /// Takes note of an answer that was waited for, or why there was none.
    pub(super) fn count_received(
        &mut self,
        begun: Instant,
        received: Result<Reply, (Trouble, String)>,
    ) {
        let reply = received.unwrap_or_else(|trouble| Reply::failed(begun, trouble));
        self.count(&reply, false);
    }

    /// Forgives what a process had in hand that ended at a moment between these: requests that were
    /// under way then and were cut or reset, `most` of them. Gives how many.
    pub(super) fn excuse(&mut self, (from, to): (Instant, Instant), most: usize) -> usize {
        let mut excused = 0;
        self.failures.retain(|failure| {
            let under_way = failure.begun <= to && from <= failure.ended;
            let is_lost = matches!(failure.trouble, Trouble::Cut | Trouble::Reset);
            let is_excused = under_way && is_lost && excused < most;
            excused += usize::from(is_excused);
            !is_excused
        });
        excused
    }

    pub(super) fn worst(&self) -> Duration {
        let all = self.answered.iter().map(|(_, took)| *took);
        all.max().unwrap_or_default()
    }

    /// The worst of those that were begun after this moment.
    pub(super) fn worst_since(&self, at: Instant) -> Duration {
        let since = self.answered.iter().filter(|(begun, _)| *begun >= at);
        since.map(|(_, took)| *took).max().unwrap_or_default()
    }

    pub(super) fn median(&self) -> Duration {
        let mut all: Vec<Duration> = self.answered.iter().map(|(_, took)| *took).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn reply(begun: Instant, status: Result<u16, Trouble>) -> Reply {
        Reply {
            begun,
            took: SECOND,
            status: status.ok(),
            body: b"{\"pid\": 7}".to_vec(),
            closes: false,
            trouble: status.err().map(|trouble| (trouble, String::new())),
        }
    }

    #[test]
    fn only_200_is_right_and_503_where_it_may_be() {
        let now = Instant::now();
        let mut tally = Tally::default();
        tally.count(&reply(now, Ok(200)), false);
        tally.count(&reply(now, Ok(503)), true);
        assert!(tally.failures.is_empty());
        assert_eq!((tally.sent, tally.busy), (2, 1));
        for status in [503, 500, 404] {
            tally.count(&reply(now, Ok(status)), false);
        }
        assert_eq!(tally.failures.len(), 3);
        assert_eq!(tally.pids.len(), 1);
        assert_eq!(tally.worst(), SECOND);
    }

    #[test]
    fn what_was_lost_with_a_process_is_forgiven_and_nothing_else() {
        let now = Instant::now();
        let at = now + SECOND / 2;
        let mut tally = Tally::default();
        tally.count(&reply(now, Err(Trouble::Reset)), false);
        tally.count(&reply(now, Err(Trouble::Cut)), false);
        tally.count(&reply(now, Err(Trouble::Refused)), false);
        tally.count(&reply(now, Err(Trouble::Late)), false);
        tally.count(&reply(now + SECOND, Err(Trouble::Reset)), false);
        assert_eq!(tally.clone().excuse((at, at), 1), 1);
        assert_eq!(tally.excuse((at, at), 8), 2);
        let left: Vec<Trouble> = tally.failures.iter().map(|it| it.trouble).collect();
        assert_eq!(left, [Trouble::Refused, Trouble::Late, Trouble::Reset]);
    }

    #[test]
    fn figures_are_those_of_what_was_answered() {
        let now = Instant::now();
        let mut tally = Tally::default();
        assert_eq!((tally.worst(), tally.median()), Default::default());
        for seconds in 1..=3 {
            tally
                .answered
                .push((now + seconds * SECOND, seconds * SECOND));
        }
        assert_eq!((tally.worst(), tally.median()), (3 * SECOND, 2 * SECOND));
        assert_eq!(tally.worst_since(now + 4 * SECOND), Duration::ZERO);
        assert_eq!(tally.worst_since(now + 3 * SECOND), 3 * SECOND);
    }
}
