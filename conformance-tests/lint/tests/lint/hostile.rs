//! A bad server finds what is wrong with applications, and lets live what is right.

use std::future::pending;
use std::time::Duration;

use rgi_core::{Environ, Full, StartResponse, StatusCode, app_fn, async_fn};
use rgi_lint::Hostile;

use crate::support::{hello, typed};

#[test]
fn good_applications_live_with_everything() {
    let outcomes = Hostile::new(hello()).rounds(60).run();
    assert!(outcomes.is_clean(), "{outcomes:#?}");
    let echo = async_fn(async |mut environ: Environ, s: StartResponse| {
        let body = environ.input().collect(100).await?;
        Ok(typed(s.start(StatusCode::OK)).full(body))
    });
    let outcomes = Hostile::new(echo)
        .post("/", "some bytes")
        .rounds(60)
        .seed(7)
        .run();
    assert!(outcomes.is_clean(), "{outcomes:#?}");
    let stream = app_fn(|environ: Environ, s: StartResponse| {
        let timer = environ.timer();
        typed(s.start(StatusCode::OK)).push(async move |mut out| {
            for _ in 0..3 {
                timer.sleep(Duration::from_millis(1)).await;
                out.write("block").await?;
            }
            Ok(())
        })
    });
    let outcomes = Hostile::new(stream).get("/a?b").rounds(60).run();
    assert!(outcomes.is_clean(), "{outcomes:#?}");
}

/// Counts on the first block of the body holding all of it.
#[test]
fn a_body_that_comes_in_pieces_is_found_out() {
    let app = async_fn(async |mut environ: Environ, s: StartResponse| {
        let first = std::future::poll_fn(|cx| environ.input().poll_chunk(cx)).await;
        let first = first.unwrap()?;
        assert_eq!(first, "some bytes", "all at once");
        Ok(typed(s.start(StatusCode::OK)).full(first))
    });
    let outcomes = Hostile::new(app).post("/", "some bytes").run();
    assert!(!outcomes.panicked.is_empty() && outcomes.panicked[0].1.contains("all at once"));
}

#[test]
fn an_application_that_hangs_is_found_out() {
    let app = async_fn(async |_: Environ, _: StartResponse| pending::<Result<Full, _>>().await);
    let outcomes = Hostile::new(app)
        .patience(Duration::from_millis(50))
        .rounds(6)
        .run();
    assert!(!outcomes.hung.is_empty() && outcomes.panicked.is_empty());
}
