//! What happens between one step and the next.

use std::sync::{Arc, Mutex};
use std::thread;

use rgi_core::testing::Client;
use rgi_core::{AppExt, BoxBody, Environ, Error, Full, StartResponse, StatusCode, app_fn};

use super::super::{Ask, Memory, Page, PageCache, Store};
use super::together::{Calls, gathering, kept, until};

/// What is done, once.
#[derive(Default)]
struct Once(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Once {
    fn set(&self, act: impl FnOnce() + Send + 'static) {
        *self.0.lock().unwrap() = Some(Box::new(act));
    }

    fn act(&self) {
        let act = self.0.lock().unwrap().take();
        if let Some(act) = act {
            act();
        }
    }
}

/// Does something when it has looked for a page, or before it keeps one.
#[derive(Clone)]
struct Interrupted(Arc<Steps>);

struct Steps {
    memory: Memory,
    looked: Once,
    keeps: Once,
}

impl Store for Interrupted {
    fn get(&self, ask: &Ask<'_>) -> Option<Arc<Page>> {
        let found = self.0.memory.get(ask);
        self.0.looked.act();
        found
    }

    fn insert(&self, page: Arc<Page>) {
        self.0.keeps.act();
        self.0.memory.insert(page);
    }

    fn remove(&self, ask: &Ask<'_>) {
        self.0.memory.remove(ask);
    }
}

fn interrupted() -> (Arc<Steps>, PageCache) {
    let steps = Arc::new(Steps {
        memory: Memory::new(1 << 20),
        looked: Once::default(),
        keeps: Once::default(),
    });
    let cache = PageCache::new(Interrupted(steps.clone()));
    (steps, cache)
}

/// The number of the call, to be kept.
fn page(call: usize, start_response: StartResponse) -> Result<BoxBody, Error> {
    Ok(kept(start_response, "max-age=60")
        .full(call.to_string())
        .into())
}

#[test]
fn a_page_that_is_forgotten_just_before_it_is_there_does_not_stay() {
    let (steps, cache) = interrupted();
    let calls = Arc::<Calls>::default();
    let client = Client::new(gathering(&calls, 0, page).with(&cache));
    steps.keeps.set(move || {
        let changes = |_: Environ, start_response: StartResponse| -> Full {
            start_response.start(StatusCode::NO_CONTENT).empty()
        };
        Client::new(app_fn(changes).with(cache)).post("/").send();
    });
    let get = || client.get("/").send().text();
    assert_eq!([get(), get(), get()], ["1", "2", "2"]);
}

#[test]
fn who_looked_just_before_a_page_is_there_does_not_go_for_it() {
    let (steps, cache) = interrupted();
    let calls = Arc::<Calls>::default();
    let app = gathering(&calls, 1, page).with(&cache);
    let get = || Client::new(&app).get("/").send().text();
    thread::scope(|scope| {
        scope.spawn(get);
        until(|| calls.made() == 1);
        let (calls, flights) = (calls.clone(), cache.0.flights.clone());
        steps.looked.set(move || {
            calls.go();
            until(|| flights.len() == 0);
        });
        assert_eq!(get(), "1");
    });
    assert_eq!((calls.made(), cache.0.flights.len()), (1, 0));
}
