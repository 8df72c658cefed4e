//! Applications as services, as a program of another kind calls them.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use http::Request;
use http_body::Body as _;
use rgi_core::{Environ, Error, Event, StartResponse, StatusCode, Stream, app_fn, rt};
use tower_service::Service;

/// Where code of the application's has run, and whether it might have waited there.
type Noted = Arc<Mutex<Vec<(&'static str, bool)>>>;

struct Notes {
    noted: Noted,
    start_response: Option<StartResponse>,
    left: u32,
}

fn note(noted: &Noted, place: &'static str) {
    noted.lock().unwrap().push((place, rt::may_park()));
}

impl Stream for Notes {
    type Item = Result<Event, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(start_response) = self.start_response.take() {
            note(&self.noted, "head");
            let started = start_response.start(StatusCode::OK);
            return Poll::Ready(Some(Ok(Event::Start(started))));
        }
        note(&self.noted, "body");
        self.left = self.left.saturating_sub(1);
        Poll::Ready((self.left > 0).then(|| Ok(Event::Data("x".into()))))
    }
}

impl Drop for Notes {
    fn drop(&mut self) {
        note(&self.noted, "drop");
    }
}

#[test]
fn nothing_of_an_application_may_block_the_program() {
    for left in [2, 1000] {
        let noted = Noted::default();
        let inside = noted.clone();
        let app = app_fn(move |environ: Environ, start_response| {
            note(&inside, "call");
            let hook = inside.clone();
            environ.on_finish(move |_| note(&hook, "hook"));
            Notes {
                noted: inside.clone(),
                start_response: Some(start_response),
                left,
            }
        });
        let mut service = rgi_tower::into_service(app);
        let answer = service.call(Request::new(String::new()));
        let mut body = Box::pin(rt::block_on(answer).unwrap().into_body());
        for _ in 0..2 {
            let _ = rt::block_on(std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)));
        }
        drop(body);
        let noted = noted.lock().unwrap();
        for place in ["call", "head", "body", "drop", "hook"] {
            assert!(noted.contains(&(place, false)), "{place}: {noted:?}");
        }
        assert!(noted.iter().all(|(_, may)| !may), "{noted:?}");
    }
}
