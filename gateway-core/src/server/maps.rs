//! Header maps that are used again: engines which want one for each response get that of a request.

use std::cell::RefCell;

use http::HeaderMap;

thread_local! {
    static POOL: RefCell<Vec<HeaderMap>> = const { RefCell::new(Vec::new()) };
}

/// Maps kept a thread, and the room above which one is not worth keeping.
const KEPT: usize = 32;
const KEPT_FIELDS: usize = 128;

/// An empty map with room for `fields`.
pub(crate) fn take(fields: usize) -> HeaderMap {
    let pooled = POOL.try_with(|pool| pool.borrow_mut().pop()).ok().flatten();
    let mut map = pooled.unwrap_or_default();
    map.reserve(fields);
    map
}

/// Keeps a map that has done its service.
pub(crate) fn recycle(mut map: HeaderMap) {
    if map.capacity() == 0 || map.capacity() > KEPT_FIELDS {
        return;
    }
    map.clear();
    let _ = POOL.try_with(|pool| {
        let mut pool = pool.borrow_mut();
        if pool.len() < KEPT {
            pool.push(map);
        }
    });
}
