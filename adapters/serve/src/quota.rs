//! How many requests a worker process answers before it is replaced.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use rgi_core::{App, Environ, StartResponse};

/// A number of requests, and whom to tell when they are used up. Clones are the same.
#[derive(Clone)]
pub(crate) struct Quota(Arc<Inner>);

struct Inner {
    left: AtomicUsize,
    spent: Box<dyn Fn() + Send + Sync>,
}

impl Quota {
    /// `requests`, which is one at least, and up to `jitter` more: workers that began together do
    /// not end together.
    pub(crate) fn new(
        requests: usize,
        jitter: usize,
        spent: impl Fn() + Send + Sync + 'static,
    ) -> Quota {
        Quota(Arc::new(Inner {
            left: AtomicUsize::new(requests.saturating_add(chance(jitter))),
            spent: Box::new(spent),
        }))
    }

    fn count(&self) {
        // Below zero it wraps, and comes to one again after more requests than any worker sees.
        if self.0.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            (self.0.spent)();
        }
    }
}

/// A number from 0 to `most`, other in each process.
fn chance(most: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    (process::id(), SystemTime::now()).hash(&mut hasher);
    let span = (most as u64).saturating_add(1);
    (hasher.finish() % span) as usize
}

/// An application whose requests are counted, if there is a quota.
pub(crate) struct Counted<A> {
    app: A,
    quota: Option<Quota>,
}

impl<A> Counted<A> {
    pub(crate) fn new(app: A, quota: Option<Quota>) -> Counted<A> {
        Counted { app, quota }
    }

    /// The application itself.
    pub(crate) fn app(&self) -> &A {
        &self.app
    }
}

impl<A: App> App for Counted<A> {
    type Body = A::Body;

    #[inline]
    fn call(&self, environ: Environ, start_response: StartResponse) -> A::Body {
        if let Some(quota) = &self.quota {
            quota.count();
        }
        self.app.call(environ, start_response)
    }
}

#[cfg(test)]
mod tests {
    use rgi_core::testing::Client;
    use rgi_core::{StatusCode, app_fn};

    use super::*;

    #[test]
    fn the_last_request_of_a_quota_is_told_once() {
        let told = Arc::new(AtomicUsize::new(0));
        let teller = told.clone();
        let quota = Quota::new(3, 0, move || {
            teller.fetch_add(1, Ordering::Relaxed);
        });
        let app = app_fn(|_: Environ, start_response: StartResponse| {
            start_response.start(StatusCode::NO_CONTENT).empty()
        });
        let client = Client::new(Counted::new(app, Some(quota)));
        let told_after = [0; 5].map(|_| {
            client.get("/").send();
            told.load(Ordering::Relaxed)
        });
        assert_eq!(told_after, [0, 0, 1, 1, 1]);
    }

    #[test]
    fn chance_keeps_within_its_bounds() {
        assert_eq!(chance(0), 0);
        let seen: Vec<usize> = (0..200).map(|_| chance(3)).collect();
        assert!((0..=3).all(|number| seen.contains(&number)), "{seen:?}");
        assert!(seen.iter().all(|number| *number <= 3), "{seen:?}");
    }
}
