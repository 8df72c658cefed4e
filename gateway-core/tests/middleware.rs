//! Applications around applications.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use common::*;
use rgi_core::testing::Client;
use rgi_core::*;

const X_TRAIL: FieldName = FieldName::from_static("x-trail");

fn hello(_: Environ, s: StartResponse) -> Full {
    s.start(StatusCode::OK).full("hello")
}

/// Leaves its name on the head; the outermost writes last.
#[derive(Clone, Copy)]
struct Mark(&'static str);

#[derive(Clone, Copy)]
struct Write(&'static str);

impl EditHead for Write {
    fn edit(&mut self, head: &mut Head) {
        head.append(X_TRAIL, HeaderValue::from_static(self.0));
    }
}

impl<A: App> Middleware<A> for Mark {
    type App = middleware::MapStart<A, Write>;
    fn wrap(&self, inner: A) -> Self::App {
        inner.map_start(Write(self.0))
    }
}

fn trail(app: impl App) -> String {
    let reply = Client::new(app).get("/").send();
    let fields = reply.head().iter().filter(|(name, _)| **name == X_TRAIL);
    let values = fields.map(|(_, value)| value.to_str().unwrap());
    values.collect::<Vec<_>>().join(" ")
}

#[test]
fn tuples_have_the_first_outermost() {
    assert_eq!(trail(app_fn(hello).with(())), "");
    assert_eq!(trail(app_fn(hello).with((Mark("a"),))), "a");
    assert_eq!(trail(app_fn(hello).with((Mark("a"), Mark("b")))), "b a");
    assert_eq!(
        trail(app_fn(hello).with((Mark("a"), Mark("b"), Mark("c")))),
        "c b a"
    );
    let eight = ["a", "b", "c", "d", "e", "f", "g", "h"].map(Mark);
    let [a, b, c, d, e, f, g, h] = eight;
    assert_eq!(trail(app_fn(hello).with((a, b, c, d))), "d c b a");
    assert_eq!(trail(app_fn(hello).with((a, b, c, d, e))), "e d c b a");
    assert_eq!(trail(app_fn(hello).with((a, b, c, d, e, f))), "f e d c b a");
    assert_eq!(
        trail(app_fn(hello).with((a, b, c, d, e, f, g))),
        "g f e d c b a"
    );
    assert_eq!(
        trail(app_fn(hello).with((a, b, c, d, e, f, g, h))),
        "h g f e d c b a"
    );
    assert_eq!(
        trail(app_fn(hello).with(((a, b), (c, d)))),
        "d c b a",
        "tuples nest"
    );
}

#[test]
fn with_behind_with_is_further_out() {
    assert_eq!(trail(app_fn(hello).with(Mark("a")).with(Mark("b"))), "a b");
    assert_eq!(
        trail(app_fn(hello).with(&Mark("a")).with(&(Mark("b"), Mark("c")))),
        "a c b"
    );
}

#[test]
fn layers_are_functions_of_applications() {
    fn stamp<A: App>(inner: A) -> impl App<Body = impl Body> {
        inner.map_start(Write("stamp"))
    }
    assert_eq!(
        trail(app_fn(hello).with((Mark("a"), layer(stamp)))),
        "stamp a"
    );
}

#[test]
fn around_may_look_change_and_answer() {
    let app = app_fn(|environ: Environ, s: StartResponse| {
        s.start(StatusCode::OK).full(environ.path_info().to_owned())
    });
    let app = app.around(|inner, mut environ: Environ, s| {
        if environ.path_info() == "/secret" {
            return Either::left(s.start(StatusCode::FORBIDDEN).empty());
        }
        environ.mount("/api");
        Either::right(inner.call(environ, s))
    });
    let client = Client::new(app);
    assert_eq!(client.get("/api/x").send().text(), "/x");
    assert_eq!(client.get("/secret").send().status(), 403);
}

#[test]
fn around_async_may_wait_before_and_hold_the_inner() {
    let app = app_fn(hello).around_async(async |environ, s, next: Next<_>| {
        environ
            .timer()
            .sleep(std::time::Duration::from_millis(1))
            .await;
        if environ.query() == Some("fail") {
            return Err(Error::new("no").with_status(StatusCode::IM_A_TEAPOT));
        }
        Ok(next.call(environ, s))
    });
    let client = Client::new(app);
    assert_eq!(client.get("/").send().text(), "hello");
    assert_eq!(client.get("/?fail").send().status(), 418);
}

#[test]
fn map_data_and_map_start_are_made_anew_for_each_body() {
    let mut seen = 0;
    let app = app_fn(hello).map_data(move |data: Bytes| {
        seen += 1;
        Ok(Bytes::from(format!(
            "{seen}{}",
            String::from_utf8_lossy(&data)
        )))
    });
    let client = Client::new(app);
    assert_eq!(client.get("/").send().text(), "1hello");
    assert_eq!(client.get("/").send().text(), "1hello");
}

#[test]
fn inspect_finish_sees_each_outcome() {
    let bytes = Arc::new(AtomicUsize::new(0));
    let sum = bytes.clone();
    let app = app_fn(hello).inspect_finish(move |outcome| {
        sum.fetch_add(outcome.bytes as usize, Ordering::SeqCst);
    });
    let client = Client::new(app);
    client.get("/").send();
    client.get("/").send();
    client.head("/").send();
    assert_eq!(bytes.load(Ordering::SeqCst), 10);
}

#[test]
fn erased_applications_are_applications() {
    let routes: Vec<(&str, BoxApp)> = vec![
        ("/hello", app_fn(hello).erased()),
        (
            "/iter",
            app_fn(|_, s: StartResponse| {
                s.start(StatusCode::OK)
                    .iter([Ok::<_, Error>(Bytes::from("iter"))])
            })
            .erased(),
        ),
        ("/again", app_fn(hello).erased().erased()),
    ];
    let router = app_fn(move |mut environ: Environ, s: StartResponse| {
        let found = routes.iter().find(|(prefix, _)| environ.mount(prefix));
        match found {
            Some((_, app)) => app.call(environ, s),
            None => s.start(StatusCode::NOT_FOUND).empty().erased(),
        }
    });
    let client = Client::new(router);
    assert_eq!(client.get("/hello").send().text(), "hello");
    assert_eq!(client.get("/iter/x").send().text(), "iter");
    assert_eq!(client.get("/again").send().text(), "hello");
    assert_eq!(client.get("/none").send().status(), 404);

    let count = std::rc::Rc::new(std::cell::Cell::new(0));
    let counted = count.clone();
    let local: LocalBoxApp = app_fn(move |_, s: StartResponse| {
        counted.set(counted.get() + 1);
        s.start(StatusCode::OK).empty()
    })
    .erased_local();
    assert_eq!(Client::new(local).get("/").send().status(), 200);
    assert_eq!(count.get(), 1);
}

#[test]
fn pointers_to_applications_are_applications() {
    let app = app_fn(hello);
    assert_eq!(Client::new(&app).get("/").send().status(), 200);
    assert_eq!(Client::new(Box::new(app)).get("/").send().status(), 200);
    assert_eq!(Client::new(Arc::new(app)).get("/").send().status(), 200);
    assert_eq!(
        Client::new(std::rc::Rc::new(app)).get("/").send().status(),
        200
    );
}

#[test]
fn a_middleware_is_send_when_what_it_wraps_is() {
    fn send<T: Send + Sync>(value: T) -> T {
        value
    }
    fn send_body<A: App<Body: Send + 'static>>(_: &A) {}
    fn stamp<A: App>(inner: A) -> impl App<Body = impl Body> {
        inner.map_start(Write("x")).around(|inner, environ, s| {
            let (s, fallback) = s.with_fallback();
            inner
                .call(environ, s)
                .catch_panics()
                .recover(fallback, |fallback, error| {
                    fallback.start(StatusCode::BAD_GATEWAY, error).empty()
                })
        })
    }
    let app = send(stamp(app_fn(hello)));
    send_body(&app);
    let app = send(stamp(async_fn(async |_, s: StartResponse| {
        Ok::<_, Error>(s.start(StatusCode::OK).empty())
    })));
    send_body(&app);
    let app = app_fn(hello).around_async(async |e, s, next: Next<_>| Ok(next.call(e, s)));
    send_body(&send(app));
    // And one that is not wraps as well.
    let local = std::rc::Rc::new(());
    let app = stamp(app_fn(move |_, s: StartResponse| {
        let _local = &local;
        s.start(StatusCode::OK).empty()
    }));
    assert_eq!(trail(app), "x");
}

#[test]
fn a_fallback_answers_for_an_inner_panic() {
    let app = app_fn(|environ: Environ, s: StartResponse| match environ.query() {
        Some("late") => Script::new([start(s.start(StatusCode::OK)), data("a"), Step::Panic]),
        _ => Script::new([start(s.start(StatusCode::OK)), Step::Panic]),
    });
    let app = app.around(|inner, environ, s| {
        let (s, fallback) = s.with_fallback();
        inner
            .call(environ, s)
            .catch_panics()
            .recover(fallback, |fallback, error| {
                fallback.start(StatusCode::BAD_GATEWAY, error).full("sorry")
            })
    });
    let client = Client::new(app);
    let early = client.get("/").send();
    assert_eq!((early.status(), early.text().as_str()), (502, "sorry"));
    assert!(early.outcome().error.as_ref().unwrap().is_panic());
    assert_eq!(early.outcome().end, End::Sent);
    let late = client.get("/?late").send();
    assert_eq!((late.status(), late.was_cut()), (200, true));
}

// ---- the life of a worker

#[test]
fn lifespans_are_made_of_applications_factories_and_closures() {
    fn index<L: LocalLifespan>(lifespan: L) -> Result<String, Error> {
        rt::block_on(async {
            let app = lifespan
                .startup(&Worker::new(Default::default(), 3))
                .await?;
            let text = Client::new(&app).get("/").send().text();
            lifespan.shutdown(&app).await;
            Ok(text)
        })
    }
    assert_eq!(index(app_fn(hello).into_lifespan()).unwrap(), "hello");

    let factory = |worker: &Worker| {
        let text = format!("worker {}", worker.index);
        Ok(app_fn(move |_, s: StartResponse| {
            s.start(StatusCode::OK).full(text.clone())
        }))
    };
    assert_eq!(index(factory.into_lifespan()).unwrap(), "worker 3");

    let stopped = AtomicUsize::new(0);
    let lifespan = launch(
        async |_: &Worker| Ok(app_fn(hello)),
        async |_: &_| {
            stopped.fetch_add(1, Ordering::SeqCst);
        },
    );
    assert_eq!(index(lifespan).unwrap(), "hello");
    assert_eq!(stopped.load(Ordering::SeqCst), 1);

    let failing =
        |_: &Worker| Err::<AppFn<fn(Environ, StartResponse) -> Full>, _>(Error::new("no database"));
    assert_eq!(
        index(failing.into_lifespan()).unwrap_err().to_string(),
        "no database"
    );
}

#[test]
fn stop_tells_whoever_listens() {
    use rgi_core::server::Stop;
    let stop = Stop::new();
    let levels: Arc<Mutex<Vec<(bool, bool)>>> = Arc::default();
    let (put, told) = (levels.clone(), stop.clone());
    stop.on_change(move || put.lock().unwrap().push((told.is_told(), told.is_now())));
    assert!(!stop.is_told());
    stop.graceful();
    stop.graceful();
    stop.now();
    stop.graceful();
    assert_eq!(*levels.lock().unwrap(), [(true, false), (true, true)]);
    // Who comes late hears of it at once.
    let late = Arc::new(AtomicUsize::new(0));
    let count = late.clone();
    stop.on_change(move || {
        count.fetch_add(1, Ordering::SeqCst);
    });
    assert_eq!(late.load(Ordering::SeqCst), 1);
}

#[test]
fn a_listener_may_tell_in_its_turn() {
    use rgi_core::server::Stop;
    let stop = Stop::new();
    let again = stop.clone();
    let heard = Arc::new(AtomicUsize::new(0));
    let count = heard.clone();
    stop.on_change(move || {
        count.fetch_add(1, Ordering::SeqCst);
        again.now();
        if count.load(Ordering::SeqCst) == 1 {
            again.on_change(|| ());
        }
    });
    stop.graceful();
    assert!(stop.is_now());
    assert_eq!(heard.load(Ordering::SeqCst), 2);
}
