use std::time::Duration;

use rgi_core::testing::Client;
use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn};

use super::RateLimit;
use super::table::{Rate, Table};

const HOUR: Duration = Duration::from_secs(3600);
const SECOND: u64 = 1_000_000_000;

fn hello(_: Environ, start_response: StartResponse) -> Full {
    start_response.start(StatusCode::OK).full("hi")
}

#[test]
fn a_bucket_empties_and_fills_evenly() {
    let (table, rate) = (Table::new(10), Rate::new(2, Duration::from_secs(10)));
    let ask = |at: u64| {
        let room = table.ask_at(1, &rate, at * SECOND);
        room.map(|room| room.left).map_err(|room| room.seconds())
    };
    assert_eq!([ask(0), ask(0), ask(0)], [Ok(1), Ok(0), Err(5)]);
    assert_eq!([ask(4), ask(5), ask(5)], [Err(1), Ok(0), Err(5)]);
    assert_eq!([ask(100), ask(100), ask(100)], [Ok(1), Ok(0), Err(5)]);
}

#[test]
fn each_client_has_its_own() {
    let (table, rate) = (Table::new(10), Rate::new(1, HOUR));
    assert!(table.ask_at(1, &rate, 0).is_ok());
    assert!(table.ask_at(1, &rate, 0).is_err());
    assert!(table.ask_at(2, &rate, 0).is_ok());
}

#[test]
fn the_table_is_bounded_and_forgets_the_fullest() {
    let (table, rate) = (Table::new(1), Rate::new(3, HOUR));
    for _ in 0..3 {
        assert!(table.ask_at(1, &rate, 0).is_ok());
    }
    for client in 2..1000 {
        assert!(table.ask_at(client, &rate, 0).is_ok());
        assert_eq!(table.len(), 1);
    }
    let table = Table::new(128);
    for client in 0..100_000 {
        assert!(table.ask_at(client, &rate, 0).is_ok());
    }
    assert!(table.len() <= 128, "{}", table.len());
}

#[test]
fn who_used_a_bucket_up_is_kept_rather_than_who_did_not() {
    let (table, rate) = (Table::new(128), Rate::new(3, HOUR));
    for _ in 0..3 {
        assert!(table.ask_at(0, &rate, 0).is_ok());
    }
    // All of one shard, which holds two.
    for client in (64..6400).step_by(64) {
        assert!(table.ask_at(client, &rate, 0).is_ok());
    }
    assert!(table.ask_at(0, &rate, 0).is_err());
}

#[test]
fn who_asks_too_often_is_told_when_to_come_again() {
    let client = Client::new(app_fn(hello).with(RateLimit::new(2, HOUR).fields()));
    let reply = client.get("/").send();
    assert_eq!(
        reply.header("ratelimit-policy"),
        Some("\"default\";q=2;w=3600")
    );
    let left = reply.header("ratelimit").expect("a field");
    assert!(left.starts_with("\"default\";r=1;t="), "{left}");
    assert_eq!(client.get("/").send().status(), 200);
    let reply = client.get("/").send();
    assert_eq!(reply.status(), 429);
    let again: u64 = reply
        .header("retry-after")
        .expect("a field")
        .parse()
        .expect("seconds");
    assert!((1..=1800).contains(&again), "{again}");
    assert_eq!(reply.text(), "429 Too Many Requests\n");
}

#[test]
fn a_function_may_say_who_a_client_is() {
    let limit =
        RateLimit::new(1, HOUR).by(|environ: &Environ| environ.header("x-key").map(<[u8]>::to_vec));
    let client = Client::new(app_fn(hello).with(limit));
    let ask = |key| client.get("/").header("x-key", key).send().status();
    assert_eq!([ask("a"), ask("a"), ask("b")], [200, 429, 200]);
    let none = [(); 3].map(|()| client.get("/").send().status());
    assert_eq!(none, [200; 3]);
}

#[test]
fn a_burst_may_be_smaller_than_the_rate() {
    let client = Client::new(app_fn(hello).with(RateLimit::new(100, HOUR).burst(1)));
    let statuses = [(); 2].map(|()| client.get("/").send().status());
    assert_eq!(statuses, [200, 429]);
}
