use std::sync::Arc;

use rgi_core::AppExt;
use rgi_core::testing::Client;

use super::super::{Ask, Memory, Page, PageCache, Store};
use super::{Counts, ask};

#[test]
fn memory_is_bounded() {
    let store = Arc::new(Memory::new(3000));
    let cache = PageCache::new(Shared(store.clone()));
    let client = Client::new(Counts::default().with(cache));
    for n in 0..100 {
        ask(&client, &format!("/{n}?cc=max-age=60"), &[]);
        // One that is asked for stays.
        ask(&client, "/0?cc=max-age=60", &[]);
    }
    assert_eq!(ask(&client, "/0?cc=max-age=60", &[]).text(), "1");
    let shown = format!("{store:?}");
    let bytes = shown
        .split("bytes: ")
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap();
    assert!(
        (1..=3000).contains(&bytes.parse::<usize>().unwrap()),
        "{shown}"
    );
}

struct Shared(Arc<Memory>);

impl Store for Shared {
    fn get(&self, ask: &Ask<'_>) -> Option<Arc<Page>> {
        self.0.get(ask)
    }

    fn insert(&self, page: Arc<Page>) {
        self.0.insert(page);
    }

    fn remove(&self, ask: &Ask<'_>) {
        self.0.remove(ask);
    }
}
