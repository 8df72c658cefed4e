//! What the README says of each page.

use rgi_core::Method;

use super::client;

/// The paths of the README's table, with their queries, and the methods beside them.
fn pages() -> Vec<(&'static str, &'static str)> {
    let rows = include_str!("../../README.md").lines();
    rows.filter_map(|row| {
        let (path, rest) = row.strip_prefix("| `")?.split_once("` | ")?;
        let (methods, _) = rest.split_once(" | ")?;
        path.starts_with('/').then_some((path, methods))
    })
    .collect()
}

/// A runtime whose clock runs, for the page that waits on it.
fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_time().build().unwrap()
}

#[test]
fn a_query_that_says_nothing_is_the_one_shown() {
    let runtime = runtime();
    let _entered = runtime.enter();
    let mut seen = 0;
    for (target, _) in pages() {
        let Some((path, _)) = target.split_once('?') else {
            continue;
        };
        let (bare, full) = (client().get(path).send(), client().get(target).send());
        assert_eq!((bare.status(), full.status()), (200, 200), "{target}");
        assert_eq!(bare.body(), full.body(), "{target}");
        assert_eq!(bare.chunks().len(), full.chunks().len(), "{target}");
        seen += 1;
    }
    assert_eq!(seen, 9, "the pages with queries");
}

#[test]
fn pages_take_the_methods_that_are_shown() {
    let pages = pages();
    assert_eq!(pages.len(), 26, "all pages");
    for (target, methods) in pages {
        let target = target.replace("CODE", "200").replace("=100", "=0");
        let reply = client().request(Method::DELETE, &target).send();
        if methods == "any" {
            assert!(![404, 405].contains(&reply.status()), "{target}");
        } else {
            assert_eq!(reply.status(), 405, "{target}");
            assert_eq!(reply.header("allow"), Some(methods), "{target}");
            assert_eq!(reply.header("x-rgi-app"), Some("testbed"), "{target}");
        }
    }
}
