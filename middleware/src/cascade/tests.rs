use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use rgi_core::testing::Client;
use rgi_core::{
    App, AppExt, BodyExt, BoxBody, Connection, Either, Environ, Error, Full, Scheme, StartResponse,
    StatusCode, app_fn, async_fn, blocking, field,
};

use super::Cascade;

/// Answers with what it was asked for.
async fn other(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
    let body = environ.input().collect(1 << 20).await?;
    let (method, path) = (environ.method().clone(), environ.path_info().to_owned());
    let extension = environ.extensions().get::<u8>().copied();
    let text = format!(
        "{method} {path} {extension:?} {}",
        String::from_utf8_lossy(&body)
    );
    Ok(start_response.start(StatusCode::OK).full(text))
}

fn status(status: StatusCode) -> impl App<Body = Full> + Send + Sync {
    app_fn(move |mut environ: Environ, start_response: StartResponse| {
        environ.set_method(Method::PUT);
        environ.mount("/a");
        environ.extensions_mut().insert(7u8);
        let started = start_response.start(status);
        started
            .header(field::VIA, "first".parse().unwrap())
            .full("first")
    })
}

#[test]
fn the_other_is_asked_as_the_first_was() {
    for not_here in [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED] {
        let app = status(not_here).with(Cascade::to(async_fn(other)));
        let client = Client::new(app.around(|inner, mut environ, start_response| {
            environ.extensions_mut().insert(1u8);
            inner.call(environ, start_response)
        }));
        let reply = client.post("/a/b").body("text").send();
        assert_eq!(reply.text(), "POST /a/b Some(1) text");
        assert_eq!(reply.header("via"), None);
        assert_eq!(reply.head().length(), Some(22));
    }
}

#[test]
fn a_limit_of_the_first_is_not_the_others() {
    let first = app_fn(|mut environ: Environ, start_response: StartResponse| {
        environ.map_input(|input| input.limit(3));
        start_response.start(StatusCode::NOT_FOUND).empty()
    });
    let nested = (&first).with(Cascade::to(&first));
    let client = Client::new(nested.with(Cascade::to(async_fn(other))));
    let request = client.post("/").chunks(["te", "xt"]);
    assert_eq!(request.send().text(), "POST / None text");
    // One around both is.
    let cascade = first.with(Cascade::to(async_fn(other)));
    let client = Client::new(cascade.around(|inner, mut environ, start_response| {
        environ.map_input(|input| input.limit(2));
        inner.call(environ, start_response)
    }));
    let request = client.post("/").chunks(["te", "xt"]);
    assert_eq!(request.send().status(), 413);
}

/// A read that failed has taken something, although nothing of it was given out.
#[test]
fn a_read_that_failed_was_one() {
    let first = async_fn(
        async |mut environ: Environ, start_response: StartResponse| {
            environ.map_input(|input| input.limit(3));
            assert!(environ.input().collect(100).await.is_err());
            Ok::<_, Error>(start_response.start(StatusCode::NOT_FOUND).full("first"))
        },
    );
    let client = Client::new(first.with(Cascade::to(async_fn(other))));
    let reply = client.post("/").chunks(["text"]).send();
    assert_eq!((reply.status(), reply.text().as_str()), (404, "first"));
}

#[test]
fn the_other_is_asked_by_the_same_client() {
    let first = app_fn(|mut environ: Environ, start_response: StartResponse| {
        environ.set_scheme(Scheme::Https);
        environ.set_connection(Connection::default());
        start_response.start(StatusCode::NOT_FOUND).empty()
    });
    let tells = app_fn(|environ: Environ, start_response: StartResponse| {
        let text = format!("{:?} {}", environ.scheme(), environ.remote());
        start_response.start(StatusCode::OK).full(text)
    });
    let client = Client::new(first.with(Cascade::to(&tells)));
    let direct = Client::new(&tells).get("/").send().text();
    assert_eq!(client.get("/").send().text(), direct);
    assert!(direct.starts_with("Http 127.0.0.1:"));
}

#[test]
fn other_statuses_stand() {
    for stands in [StatusCode::OK, StatusCode::FORBIDDEN, StatusCode::GONE] {
        let client = Client::new(status(stands).with(Cascade::to(async_fn(other))));
        let reply = client.get("/").send();
        assert_eq!(
            (reply.status(), reply.text().as_str()),
            (stands.as_u16(), "first")
        );
    }
    let gone = Cascade::to(async_fn(other)).when([StatusCode::GONE]);
    let client = Client::new(status(StatusCode::GONE).with(&gone));
    assert_eq!(client.get("/").send().text(), "GET / None ");
    let client = Client::new(status(StatusCode::NOT_FOUND).with(&gone));
    assert_eq!(client.get("/").send().status(), 404);
}

#[test]
fn errors_count_by_their_status() {
    let app = async_fn(async |environ: Environ, _: StartResponse| {
        let status = match environ.path_info() {
            "/404" => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_GATEWAY,
        };
        drop(environ);
        Err::<Full, _>(Error::new("no").with_status(status))
    });
    let client = Client::new(app.with(Cascade::to(async_fn(other))));
    assert_eq!(client.get("/404").send().text(), "GET /404 None ");
    assert_eq!(client.get("/502").send().status(), 502);
}

#[test]
fn the_other_can_inform_whatever_the_first_has_said() {
    let first = async_fn(async |environ: Environ, start_response: StartResponse| {
        let fails = environ.path_info() == "/fails";
        drop(environ);
        match fails {
            true => Err(Error::new("no").with_status(StatusCode::NOT_FOUND)),
            false => Ok(start_response.start(StatusCode::NOT_FOUND).empty()),
        }
    });
    let other = app_fn(|_, start_response: StartResponse| {
        start_response.inform(StatusCode::EARLY_HINTS, &Default::default());
        start_response.start(StatusCode::OK).full("other")
    });
    let client = Client::new(first.with(Cascade::to(other)));
    for path in ["/", "/fails"] {
        let reply = client.get(path).send();
        assert_eq!(reply.text(), "other");
        let interim = reply.interim().iter().map(|(status, _)| *status);
        assert_eq!(interim.collect::<Vec<_>>(), [StatusCode::EARLY_HINTS]);
    }
}

#[test]
fn an_answer_stands_where_the_body_was_read() {
    let app = async_fn(
        async |mut environ: Environ, start_response: StartResponse| {
            let text = match environ.path_info() {
                "/read" => environ.input().collect(1 << 20).await?,
                "/taken" => environ.take_input().collect(1 << 20).await?,
                _ => Default::default(),
            };
            let started = start_response.start(StatusCode::NOT_FOUND);
            Ok(started.iter([Ok::<_, Error>(text), Ok("!".into())]))
        },
    );
    let client = Client::new(app.with(Cascade::to(async_fn(other))));
    for path in ["/read", "/taken"] {
        let reply = client.post(path).body("text").send();
        assert_eq!((reply.status(), reply.text().as_str()), (404, "text!"));
        let reply = client.get(path).send();
        assert_eq!(
            reply.text(),
            format!("GET {path} None "),
            "there was nothing to read"
        );
    }
}

#[test]
fn a_body_that_has_the_request_gives_it_back() {
    let app = async_fn(
        async |mut environ: Environ, start_response: StartResponse| {
            if environ.path_info() == "/read" {
                environ.input().collect(1 << 20).await?;
            }
            let started = start_response.start(StatusCode::NOT_FOUND);
            Ok(started.push(async move |_| {
                environ.peer().gone().await;
                unreachable!("its head is enough")
            }))
        },
    );
    let client = Client::new(app.with(Cascade::to(async_fn(other))));
    let reply = client.post("/").body("text").send();
    assert_eq!(reply.text(), "POST / None text");
    let reply = client.post("/read").body("text").send();
    assert_eq!(
        (reply.status(), reply.text().as_str()),
        (404, "404 Not Found\n")
    );
}

#[test]
fn one_behind_the_other() {
    let only = |path: &'static str| {
        app_fn(move |environ: Environ, start_response: StartResponse| {
            match environ.path_info() == path {
                true => start_response.start(StatusCode::OK).full(path),
                false => start_response.start(StatusCode::NOT_FOUND).empty(),
            }
        })
    };
    let app = only("/1").with(Cascade::to(only("/2")));
    let client = Client::new(app.with(Cascade::to(only("/3"))));
    for path in ["/1", "/2", "/3"] {
        assert_eq!(client.get(path).send().text(), path);
    }
    assert_eq!(client.get("/4").send().status(), 404);
}

#[test]
fn of_blocking_applications_on_a_pool() {
    let first = blocking(|_: Environ, start_response: StartResponse| {
        Ok(start_response.start(StatusCode::NOT_FOUND).empty())
    });
    let client = Client::new(first.with(Cascade::to(async_fn(other)))).lifting();
    let reply = client.post("/").body("text").send();
    assert_eq!(reply.text(), "POST / None text");
}

#[test]
fn the_first_body_is_dropped_before_the_other_is_asked() {
    struct Counts(Arc<AtomicUsize>);
    impl Drop for Counts {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let (counted, seen) = (drops.clone(), drops.clone());
    let first = app_fn(move |_, start_response: StartResponse| {
        let counts = Counts(counted.clone());
        let started = start_response.start(StatusCode::NOT_FOUND);
        let body = started.iter(std::iter::from_fn(move || {
            let _ = &counts;
            Some(Ok::<_, Error>("again".into()))
        }));
        BoxBody::new(body)
    });
    let second = app_fn(move |_, start_response: StartResponse| {
        let text = seen.load(Ordering::Relaxed).to_string();
        Either::<Full, _>::right(start_response.start(StatusCode::OK).full(text).erased())
    });
    let client = Client::new(first.with(Cascade::to(second)));
    assert_eq!(client.get("/").send().text(), "1");
}
