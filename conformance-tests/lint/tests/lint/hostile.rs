//! A bad server finds what is wrong with applications, and lets live what is right.

use std::future::pending;
use std::io::Read;
use std::time::Duration;

use rgi_core::{Environ, Error, Full, StartResponse, StatusCode, app_fn, async_fn, blocking};
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
    let shout = blocking(|mut environ: Environ, s: StartResponse| {
        let mut text = String::new();
        environ.input().reader().read_to_string(&mut text)?;
        Ok(typed(s.start(StatusCode::OK)).full(text.to_uppercase()))
    });
    let outcomes = Hostile::new(shout).post("/", "some bytes").run();
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
    let outcomes = Hostile::new(app).patience(Duration::from_millis(50)).run();
    assert_eq!(outcomes.hung, Some(0));
    assert!(outcomes.panicked.is_empty());
}

#[test]
fn an_answer_to_a_body_that_broke_off_is_found_out() {
    let app = async_fn(async |mut environ: Environ, s: StartResponse| {
        let body = environ.input().collect(100).await.unwrap_or_default();
        let text = format!("{} bytes", body.len());
        Ok(typed(s.start(StatusCode::OK)).full(text))
    });
    let outcomes = Hostile::new(app).post("/", "some bytes").run();
    assert!(outcomes.panicked.is_empty() && outcomes.hung.is_none());
    assert!(!outcomes.findings.is_empty());
    for found in &outcomes.findings {
        assert_eq!(found.check, "input-misuse", "{found}");
    }
}

/// Counts on being asked to the end.
struct Bomb(bool);

impl Iterator for Bomb {
    type Item = Result<&'static str, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0 = false;
        None
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(!self.0, "dropped in the middle");
    }
}

#[test]
fn a_drop_that_panics_is_found_out() {
    let app = app_fn(|_: Environ, s: StartResponse| {
        let blocks = ["a", "b", "c"].map(Ok).into_iter().chain(Bomb(true));
        let blocks = blocks.map(|block| block.map(rgi_core::Bytes::from));
        typed(s.start(StatusCode::OK)).iter(blocks)
    });
    let outcomes = Hostile::new(app).run();
    assert!(!outcomes.panicked.is_empty(), "{outcomes:#?}");
    assert!(outcomes.panicked.iter().all(|(round, _)| round % 7 > 1));
}

#[test]
fn a_seed_plays_the_same_again() {
    let play = |seed| {
        let blocks = std::sync::Mutex::new(Vec::new());
        let app = async_fn(async |mut environ: Environ, s: StartResponse| {
            while let Some(block) = std::future::poll_fn(|cx| environ.input().poll_chunk(cx)).await
            {
                blocks.lock().unwrap().push(block?.len());
            }
            Ok(typed(s.start(StatusCode::OK)).full("x"))
        });
        let outcomes = Hostile::new(app).post("/", "some bytes").seed(seed).run();
        assert!(outcomes.is_clean(), "{outcomes:#?}");
        blocks.into_inner().unwrap()
    };
    assert_eq!(play(3), play(3));
    assert_ne!(play(3), play(4));
}
