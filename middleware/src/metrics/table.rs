//! Tables that only grow, and are read without a lock.

use std::sync::OnceLock;

/// A table of a bounded number of entries. One stays where it is, and is found there by its number.
#[derive(Debug)]
pub(super) struct Table<T>(Box<[OnceLock<T>]>);

/// Places that an entry may stand at.
const PROBES: usize = 16;

impl<T> Table<T> {
    /// Entries find a place as long as half of them are empty, and later mostly.
    pub(super) fn new(places: usize) -> Table<T> {
        Table((0..places).map(|_| OnceLock::new()).collect())
    }

    /// The number of the entry that `is` knows, or of the one that `make` makes. `None` where there is
    /// no place.
    pub(super) fn find(
        &self,
        hash: u64,
        is: impl Fn(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> Option<usize> {
        let places = self.0.len();
        let first = hash as usize;
        let numbers = (0..PROBES).map(|probe| first.wrapping_add(probe) % places);
        let mut make = Some(make);
        let mut made = None;
        for number in numbers {
            let place = &self.0[number];
            if place.get().is_none() {
                let entry = made.take().or_else(|| make.take().map(|make| make()))?;
                match place.set(entry) {
                    Ok(()) => return Some(number),
                    // Another thread was faster.
                    Err(entry) => made = Some(entry),
                }
            }
            if place.get().is_some_and(&is) {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn get(&self, number: usize) -> Option<&T> {
        self.0.get(number)?.get()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().filter_map(OnceLock::get)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(table: &Table<u64>, n: u64) -> Option<usize> {
        table.find(n, |it| *it == n, || n)
    }

    #[test]
    fn an_entry_stays_where_it_is() {
        let table = Table::new(8);
        let places: Vec<_> = [3, 11, 19].map(|n| number(&table, n)).to_vec();
        assert_eq!(places, [Some(3), Some(4), Some(5)]);
        assert_eq!([3, 11, 19].map(|n| number(&table, n)).to_vec(), places);
        assert_eq!(table.get(4), Some(&11));
        assert_eq!(table.iter().collect::<Vec<_>>(), [&3, &11, &19]);
    }

    #[test]
    fn it_is_bounded() {
        let table = Table::new(8);
        let there = (0..100).filter(|n| number(&table, *n).is_some()).count();
        assert_eq!((there, table.iter().count()), (8, 8));
        assert_eq!(number(&table, 3), Some(3));
    }

    #[test]
    fn threads_agree() {
        let table = Table::new(128);
        let places: Vec<Vec<_>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..64).map(|n| number(&table, n * 64)).collect()))
                .collect();
            threads.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(places.windows(2).all(|pair| pair[0] == pair[1]));
        // Two places of 128 are first ones, with 16 probes each.
        assert_eq!(table.iter().count(), 2 * PROBES);
    }
}
