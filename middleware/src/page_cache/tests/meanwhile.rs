//! What happens while a page is on its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rgi_core::testing::Client;
use rgi_core::{AppExt, Method, StartResponse};

use super::super::{Ask, Memory, Page, PageCache, Store};
use super::together::{self, Calls, gathering, until};

/// Makes a call that is held, and does something meanwhile; tells what both saw.
fn during(
    store: impl Store + 'static,
    held: usize,
    kept: &'static str,
    method: Method,
) -> [String; 3] {
    let calls = Arc::<Calls>::default();
    let answer = move |call: usize, start_response: StartResponse| {
        Ok(together::kept(start_response, kept)
            .full(call.to_string())
            .into())
    };
    let app = Arc::new(gathering(&calls, held, answer).with(PageCache::new(store)));
    let client = Client::new(app.clone());
    for _ in 1..held {
        client.get("/").send();
    }
    let (first, meanwhile) = thread::scope(|scope| {
        let first = scope.spawn(|| Client::new(app.clone()).get("/").send().text());
        until(|| calls.made() >= held);
        let meanwhile = client.request(method, "/").send().text();
        calls.go();
        (first.join().unwrap(), meanwhile)
    });
    [first, meanwhile, client.get("/").send().text()]
}

#[test]
fn a_stale_page_is_given_out_while_a_new_one_is_brought() {
    let kept = "max-age=60, stale-while-revalidate=5000";
    let store = Aging(Memory::new(1 << 20), AtomicUsize::new(1));
    assert_eq!(during(store, 2, kept, Method::GET), ["2", "1", "2"]);
}

/// Makes so many pages older than they are.
struct Aging(Memory, AtomicUsize);

impl Store for Aging {
    fn get(&self, ask: &Ask<'_>) -> Option<Arc<Page>> {
        self.0.get(ask)
    }

    fn insert(&self, page: Arc<Page>) {
        let left = &self.1;
        if left.load(Ordering::SeqCst) == 0 {
            return self.0.insert(page);
        }
        left.fetch_sub(1, Ordering::SeqCst);
        self.0.insert(Arc::new(Page {
            hash: page.hash,
            scheme: page.scheme,
            host: page.host.clone(),
            target: page.target.clone(),
            varied: page.varied.clone(),
            status: page.status,
            fields: page.fields.clone(),
            body: page.body.clone(),
            since: page.since,
            aged: page.aged + 1000,
            fresh: page.fresh,
            stale: page.stale,
            used: AtomicBool::default(),
            refreshing: AtomicBool::default(),
        }));
    }

    fn remove(&self, ask: &Ask<'_>) {
        self.0.remove(ask);
    }
}

#[test]
fn a_page_that_was_forgotten_on_its_way_is_not_kept() {
    let store = Memory::new(1 << 20);
    let seen = during(store, 1, "max-age=60", Method::POST);
    assert_eq!(seen, ["1", "2", "3"]);
}
