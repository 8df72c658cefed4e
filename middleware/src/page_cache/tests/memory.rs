//! What is kept in memory, and how much.

use std::hash::RandomState;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue};
use rgi_core::testing::Client;
use rgi_core::{AppExt, Bytes, Scheme, StatusCode};

use super::super::{Ask, Memory, Page, PageCache, Store};
use super::{Counts, ask};

static HASHES: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// What all pages here vary by.
const FIELD: HeaderName = HeaderName::from_static("x-a");

/// Asks for a target with a value of what its pages vary by.
fn asks<T>(target: usize, value: usize, then: impl FnOnce(&Ask<'_>) -> T) -> T {
    let headers = HeaderMap::from_iter([(FIELD, HeaderValue::from(value))]);
    let target = format!("/{target}");
    let ask = Ask::parts(Scheme::Http, b"test.invalid", &target, &headers, &*HASHES);
    then(&ask)
}

fn page(target: usize, value: usize, body: Bytes) -> Arc<Page> {
    asks(target, value, |ask| {
        Arc::new(Page {
            hash: ask.hash,
            scheme: ask.scheme,
            host: ask.host.into(),
            target: ask.target.into(),
            varied: vec![(FIELD, vec![HeaderValue::from(value)])],
            status: StatusCode::OK,
            fields: Vec::new(),
            body,
            since: Instant::now(),
            aged: 0,
            fresh: 60,
            stale: 0,
            used: AtomicBool::default(),
            refreshing: AtomicBool::default(),
        })
    })
}

fn zeros(bytes: usize) -> Bytes {
    static ZEROS: [u8; 1 << 20] = [0; 1 << 20];
    Bytes::from_static(&ZEROS[..bytes])
}

/// The bytes of all pages that are found, of so many targets and values.
fn found(store: &Memory, targets: usize, values: usize) -> usize {
    let all = (0..targets).flat_map(|target| (0..values).map(move |value| (target, value)));
    let found = all.filter_map(|(target, value)| asks(target, value, |ask| store.get(ask)));
    found.map(|page| page.size()).sum()
}

#[test]
fn memory_is_bounded_after_each_page() {
    // In one part, and in several.
    for (most, longest) in [(100_000, 20_000), (128 << 20, 1 << 20)] {
        let store = Memory::new(most);
        for n in 0..2000 {
            let (target, value) = (n * 7 % 50, n * 11 % 30);
            store.insert(page(target, value, zeros(n * 7919 % longest)));
            assert!(store.bytes() <= most, "{store:?}");
            if n % 3 == 0 {
                asks(target, value, |ask| store.get(ask));
            }
            if n % 17 == 0 {
                asks(target, value, |ask| store.remove(ask));
            }
            if n % 500 == 0 {
                assert!(found(&store, 50, 30) <= most);
            }
        }
        let found = found(&store, 50, 30);
        assert_eq!(found, store.bytes());
        // It is chance how the targets fall into the parts.
        assert!(found > most / 4, "{found} of {most}");
    }
}

#[test]
fn variants_push_no_other_pages_out() {
    let store = Memory::new(1 << 20);
    for target in 1..=50 {
        store.insert(page(target, 0, zeros(4096)));
    }
    for value in 0..10_000 {
        store.insert(page(0, value, zeros(4096)));
        // One that is asked for stays.
        assert!(asks(0, 0, |ask| store.get(ask)).is_some());
    }
    assert!(found(&store, 1, 10_000) <= 1 << 18);
    let others = (1..=50).filter(|target| asks(*target, 0, |ask| store.get(ask)).is_some());
    assert_eq!(others.count(), 50);
    // There are a few of them, though they are small.
    for value in 0..1000 {
        store.insert(page(0, value, Bytes::new()));
    }
    let variants = (0..10_000).filter(|value| asks(0, *value, |ask| store.get(ask)).is_some());
    assert_eq!(variants.count(), 64);
}

#[test]
fn a_page_too_long_is_not_kept_and_costs_no_other() {
    let store = Memory::new(10_000);
    store.insert(page(0, 0, zeros(1000)));
    for long in [9_500, 20_000] {
        store.insert(page(0, 1, zeros(long)));
        assert_eq!(store.bytes(), page(0, 0, zeros(1000)).size());
    }
    store.insert(page(0, 1, zeros(9_000)));
    assert!(asks(0, 1, |ask| store.get(ask)).is_some());
    asks(0, 1, |ask| store.remove(ask));
    assert_eq!(store.bytes(), 0);
}

#[test]
fn a_page_that_is_asked_for_stays() {
    let cache = PageCache::new(Memory::new(3000));
    let client = Client::new(Counts::default().with(cache));
    for n in 0..100 {
        ask(&client, &format!("/{n}?cc=max-age=60"), &[]);
        ask(&client, "/0?cc=max-age=60", &[]);
    }
    assert_eq!(ask(&client, "/0?cc=max-age=60", &[]).text(), "1");
}
