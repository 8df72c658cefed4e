//! The places of a generation's workers: which is to be filled, and who may leave.
//!
//! There are as many as workers are wanted, from 0, and a worker's number is that of its place. Two
//! share one only while the younger replaces the older, which leaves when the younger is ready. One
//! place at a time is handed on in this way.

use super::child::Child;

/// A generation's workers that nobody has told to end, by place, and at each the oldest first.
#[derive(Debug)]
pub(super) struct Places {
    workers: Vec<Worker>,
    target: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Worker {
    place: usize,
    /// Where it stands among the children.
    at: usize,
    is_ready: bool,
    retires: bool,
}

impl Places {
    /// Those among these children, the oldest first, of whom `target` are wanted.
    pub(super) fn of(generation: u64, target: usize, children: &[Child]) -> Places {
        let children = children.iter().enumerate();
        let of = children.filter(|(_, it)| it.generation == generation && it.is_wanted());
        let workers = of.map(|(at, child)| Worker {
            place: child.index,
            at,
            is_ready: child.is_ready(),
            retires: child.retires.is_some(),
        });
        Places::new(workers.collect(), target)
    }

    fn new(mut workers: Vec<Worker>, target: usize) -> Places {
        workers.sort_by_key(|it| (it.place, it.at));
        Places { workers, target }
    }

    /// Whether somebody is ready at each.
    pub(super) fn are_served(&self) -> bool {
        (0..self.target).all(|place| self.at(place).iter().any(|it| it.is_ready))
    }

    /// The one that a worker is to be started for, if there is one: nobody has it, or who does retires.
    pub(super) fn open(&self) -> Option<usize> {
        let vacant = (0..self.target).find(|place| self.at(*place).is_empty());
        vacant.or_else(|| {
            let retiring = self.workers.iter().find(|it| it.retires)?;
            let is_one_handed_on = self.workers.windows(2).any(|it| it[0].place == it[1].place);
            (retiring.place < self.target && !is_one_handed_on).then_some(retiring.place)
        })
    }

    /// Where among the children the one stands that may leave, if there is one: it is one too many,
    /// or replaced.
    pub(super) fn leaver(&self) -> Option<usize> {
        let mut last = self.workers.iter().rev();
        // One that is ready stands in for as long as another is missing.
        let may = |it: &Worker| !it.is_ready || self.served() > self.target;
        let beyond = last.find(|it| it.place >= self.target && may(it));
        let replaced = || {
            let pairs = self.workers.windows(2).map(|it| (&it[0], &it[1]));
            let mut handed_on = pairs.filter(|(old, new)| old.place == new.place && new.is_ready);
            handed_on.find_map(|(old, _)| old.retires.then_some(old))
        };
        beyond.or_else(replaced).map(|it| it.at)
    }

    /// How many have somebody who is ready.
    fn served(&self) -> usize {
        let places = self.workers.chunk_by(|it, next| it.place == next.place);
        let served = places.filter(|workers| workers.iter().any(|it| it.is_ready));
        served.count()
    }

    fn at(&self, place: usize) -> &[Worker] {
        let from = self.workers.partition_point(|it| it.place < place);
        let to = self.workers.partition_point(|it| it.place <= place);
        &self.workers[from..to]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// By place, and at each the oldest first; `at` is not told apart.
    type Workers = Vec<Worker>;

    const MOST: usize = 4;

    fn places(workers: &Workers, target: usize) -> Places {
        let numbered = workers.iter().enumerate();
        Places::new(
            numbered.map(|(at, it)| Worker { at, ..*it }).collect(),
            target,
        )
    }

    /// What the master makes of it after an event.
    fn settled(mut workers: Workers, target: usize) -> Workers {
        while let Some(place) = places(&workers, target).open() {
            workers.push(Worker {
                place,
                at: 0,
                is_ready: false,
                retires: false,
            });
        }
        workers.sort_by_key(|it| it.place);
        while let Some(at) = places(&workers, target).leaver() {
            let before = places(&workers, target);
            workers.remove(at);
            let after = places(&workers, target);
            assert!(after.served() >= before.served().min(target), "{before:?}");
        }
        workers
    }

    /// What may come of it: a worker gets ready, retires, or dies, or another number is wanted.
    fn events(workers: &Workers, target: usize) -> Vec<(Workers, usize)> {
        let mut next = vec![
            (workers.clone(), (target + 1).min(MOST)),
            (workers.clone(), (target - 1).max(1)),
        ];
        for at in 0..workers.len() {
            let (mut changed, mut fewer) = (workers.clone(), workers.clone());
            match changed[at].is_ready {
                true => changed[at].retires = true,
                false => changed[at].is_ready = true,
            }
            fewer.remove(at);
            next.extend([(changed, target), (fewer, target)]);
        }
        next
    }

    fn check(workers: &Workers, target: usize) {
        let places = places(workers, target);
        let mut pairs = 0;
        for place in 0..MOST {
            match places.at(place) {
                [] => assert!(place >= target, "{places:?}"),
                [one] => assert!(place < target || one.is_ready, "{places:?}"),
                [old, _] => pairs += usize::from(old.retires),
                _ => panic!("{places:?}"),
            }
            assert!(places.at(place).iter().filter(|it| !it.retires).count() <= 1);
        }
        assert!(pairs <= 1, "{places:?}");
    }

    /// Each gets ready, and nothing else happens any more.
    fn at_rest(mut workers: Workers, target: usize) -> Workers {
        loop {
            let mut next = workers.clone();
            next.iter_mut().for_each(|it| it.is_ready = true);
            next = settled(next, target);
            if next == workers {
                return workers;
            }
            workers = next;
        }
    }

    #[test]
    fn whatever_happens_the_numbers_are_those_below_the_target() {
        let mut seen = HashSet::new();
        let mut todo = vec![(Workers::new(), 2)];
        while let Some((workers, target)) = todo.pop() {
            let workers = settled(workers, target);
            if !seen.insert((workers.clone(), target)) {
                continue;
            }
            check(&workers, target);
            let rest = at_rest(workers.clone(), target);
            let rest = rest.iter().map(|it| (it.place, it.is_ready, it.retires));
            let expected = (0..target).map(|place| (place, true, false));
            assert!(rest.eq(expected), "{workers:?}");
            todo.extend(events(&workers, target));
        }
        assert!(seen.len() > 100, "{} states", seen.len());
    }

    #[test]
    fn who_retires_is_replaced_at_its_place() {
        let worker = |place, is_ready, retires| Worker {
            place,
            at: 0,
            is_ready,
            retires,
        };
        let mut workers = vec![worker(0, true, true), worker(1, true, true)];
        assert_eq!(places(&workers, 2).open(), Some(0));
        workers.insert(1, worker(0, false, false));
        assert_eq!(places(&workers, 2).open(), None);
        assert_eq!(places(&workers, 2).leaver(), None);
        workers[1].is_ready = true;
        assert_eq!(places(&workers, 2).leaver(), Some(0));
        workers.remove(0);
        assert_eq!(places(&workers, 2).open(), Some(1));
    }
}
