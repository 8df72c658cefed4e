use std::fmt;
use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rgi_core::server::{Level, Log};
use rgi_core::testing::Client;
use rgi_core::{App, AppExt, Environ, Error, Full, StartResponse, StatusCode, app_fn};

use super::{Health, HealthApp};

/// A log that is kept.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Log for Lines {
    fn log(&self, _: Level, message: fmt::Arguments<'_>) {
        self.0.lock().unwrap().push(message.to_string());
    }
}

fn path(environ: Environ, start_response: StartResponse) -> Full {
    let text = environ.path_info().to_owned();
    start_response.start(StatusCode::OK).full(text)
}

fn client(health: Health) -> Client<HealthApp<impl App>> {
    Client::new(app_fn(path).with(health))
}

fn ask<A: App>(client: &Client<A>, path: &str) -> (u16, String) {
    let reply = client.get(path).send();
    (reply.status(), reply.text())
}

#[test]
fn what_lives_need_not_be_ready() {
    let failing = Health::new().check("never", async || Err(Error::new("no")));
    let client = client(failing).stopping();
    assert_eq!(ask(&client, "/livez"), (200, "ok\n".to_owned()));
    assert_eq!(
        ask(&client, "/readyz"),
        (503, "not ready: stopping\n".to_owned())
    );
}

#[test]
fn a_stop_is_seen_at_once() {
    let mut client = client(Health::new());
    assert_eq!(ask(&client, "/readyz").0, 200);
    client.host_mut().stop.graceful();
    assert_eq!(ask(&client, "/readyz").0, 503);
}

#[test]
fn all_checks_that_fail_are_named() {
    let up = Arc::new(AtomicBool::new(false));
    let seen = up.clone();
    let health = Health::new()
        .check("good", async || Ok(()))
        .check("switch", move || {
            let up = seen.load(Ordering::Relaxed);
            async move { up.then_some(()).ok_or_else(|| Error::new("it is off")) }
        })
        .check("slow", || async { pending().await })
        .check("slower", || async { pending().await })
        .timeout(Duration::from_millis(1));
    let mut client = client(health);
    let log = Arc::new(Lines::default());
    client.host_mut().log = log.clone();
    let text = |names: &str| (503, format!("not ready: {names}\n"));
    assert_eq!(ask(&client, "/readyz"), text("switch, slow, slower"));
    let told = std::mem::take(&mut *log.0.lock().unwrap());
    assert_eq!(told[0], "the check `switch` failed: it is off");
    assert_eq!(told.len(), 3);
    up.store(true, Ordering::Relaxed);
    assert_eq!(ask(&client, "/readyz"), text("slow, slower"));
}

#[test]
fn all_else_is_the_applications() {
    let client = client(Health::new().live("/ping").ready("/ready"));
    assert_eq!(ask(&client, "/ping").1, "ok\n");
    assert_eq!(ask(&client, "/ready").1, "ok\n");
    for path in ["/livez", "/readyz", "/ping/", "/"] {
        assert_eq!(ask(&client, path).1, path);
    }
    assert_eq!(client.post("/ping").send().text(), "/ping");
    let reply = client.head("/ping").send();
    assert_eq!(
        (reply.head().length(), reply.text().as_str()),
        (Some(3), "")
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}
