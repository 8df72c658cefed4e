use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rgi_core::server::{Gauge, Load, PoolState};
use rgi_core::testing::Client;
use rgi_core::{
    App, AppExt, BodyExt, BoxApp, BoxBody, Environ, Error, StartResponse, StatusCode, app_fn,
    blocking,
};

use super::Metrics;

/// Ends as the path says.
fn ends(mut environ: Environ, start_response: StartResponse) -> BoxBody {
    let started = start_response.start(StatusCode::OK);
    let block = || Ok::<_, Error>("block".into());
    match environ.path_info() {
        "/fails" => started.iter([Err(Error::new("as asked"))]).erased(),
        "/left" => started.iter([Err(Error::disconnected())]).erased(),
        "/cut" => started.iter([block(), Err(Error::new("so"))]).erased(),
        "/read" => {
            let input = environ.take_input();
            started
                .push(async move |mut writer| {
                    let mut input = input;
                    let read = input.collect(1000).await?;
                    writer.write(read).await
                })
                .erased()
        }
        _ => started.iter([block(), block()]).erased(),
    }
}

fn site(metrics: &Metrics, app: impl App<Body: Send + 'static> + Send + Sync + 'static) -> BoxApp {
    let (page, app) = (metrics.page().erased(), app.with(metrics).erased());
    app_fn(move |environ: Environ, start_response: StartResponse| {
        let app = match environ.path_info() {
            "/metrics" => &page,
            _ => &app,
        };
        app.call(environ, start_response)
    })
    .erased()
}

fn page(client: &Client<BoxApp>) -> String {
    let reply = client.get("/metrics").send();
    assert_eq!(reply.status(), 200);
    assert_eq!(
        reply.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    reply.text()
}

/// The value of a sample, by its name and labels.
fn value(page: &str, sample: &str) -> Option<f64> {
    let mut lines = page.lines();
    let value = lines.find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    value.map(|value| value.parse().unwrap())
}

#[test]
fn requests_are_counted_by_what_became_of_them() {
    let metrics = Metrics::new();
    let client = Client::new(site(&metrics, app_fn(ends)));
    for path in ["/", "/", "/fails", "/left", "/cut"] {
        client.get(path).send();
    }
    client.request("BREW".parse().unwrap(), "/").send();
    let page = page(&client);
    let counts: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("http_server_request_duration_seconds_count"))
        .collect();
    assert_eq!(
        counts,
        [
            "{http_request_method=\"GET\"} 1",
            "{http_request_method=\"GET\",http_response_status_code=\"200\"} 3",
            "{http_request_method=\"GET\",http_response_status_code=\"500\"} 1",
            "{http_request_method=\"_OTHER\",http_response_status_code=\"200\"} 1",
        ]
    );
    for (sample, expected) in [
        ("http_server_active_requests", 0.0),
        ("http_server_outcomes_total{outcome=\"sent\"}", 3.0),
        ("http_server_outcomes_total{outcome=\"refused\"}", 1.0),
        ("http_server_outcomes_total{outcome=\"truncated\"}", 1.0),
        ("http_server_outcomes_total{outcome=\"disconnected\"}", 1.0),
        ("http_server_time_to_head_seconds_count", 4.0),
    ] {
        assert_eq!(value(&page, sample), Some(expected), "{sample}: {page}");
    }
}

#[test]
fn bytes_are_counted_both_ways() {
    let metrics = Metrics::new();
    let client = Client::new(site(&metrics, app_fn(ends)));
    assert_eq!(
        client.post("/read").body("1234567").send().text(),
        "1234567"
    );
    // What nobody reads is not counted.
    client.post("/").body("1234567").send();
    let page = page(&client);
    let bytes = |way| value(&page, &format!("http_server_{way}_body_bytes_total"));
    assert_eq!(
        (bytes("request"), bytes("response")),
        (Some(7.0), Some(17.0))
    );
}

#[test]
fn one_under_way_is_told() {
    let metrics = Metrics::new();
    let page = metrics.page();
    let app = app_fn(move |environ: Environ, start_response: StartResponse| {
        page.call(environ, start_response)
    });
    let text = Client::new(app.with(&metrics)).get("/").send().text();
    assert_eq!(value(&text, "http_server_active_requests"), Some(1.0));
}

#[test]
fn times_are_in_their_buckets() {
    let app = app_fn(|environ: Environ, start_response: StartResponse| {
        let timer = environ.timer();
        start_response
            .start(StatusCode::OK)
            .push(async move |mut writer| {
                writer.write("x").await?;
                timer.sleep(Duration::from_millis(20)).await;
                Ok::<_, Error>(())
            })
    });
    let metrics = Metrics::new();
    let client = Client::new(site(&metrics, app));
    client.get("/").send();
    let page = page(&client);
    let labels = "http_request_method=\"GET\",http_response_status_code=\"200\"";
    let took = |what: String| {
        value(
            &page,
            &format!("http_server_request_duration_seconds_{what}"),
        )
    };
    let bucket = |le| took(format!("bucket{{{labels},le=\"{le}\"}}"));
    assert_eq!((bucket("0.01"), bucket("+Inf")), (Some(0.0), Some(1.0)));
    let sum = took(format!("sum{{{labels}}}")).unwrap();
    assert!(sum >= 0.02, "{sum}");
}

#[derive(Clone)]
struct Pattern(String);

#[test]
fn routes_are_labels_and_bounded() {
    let metrics = Metrics::new().by(|environ| {
        let pattern = environ.extensions().get::<Pattern>();
        pattern.map(|pattern| pattern.0.as_str())
    });
    let inner = Arc::new(app_fn(ends).with(&metrics));
    let outer = app_fn(move |mut environ: Environ, start_response: StartResponse| {
        if let Some(name) = environ.header("x-route") {
            let name = String::from_utf8_lossy(name).into_owned();
            environ.extensions_mut().insert(Pattern(name));
        }
        inner.call(environ, start_response)
    });
    let client = Client::new(site(&metrics, outer));
    let count = |route: &str| {
        let page = page(&client);
        let name = "http_server_request_duration_seconds_count";
        let labels = "http_request_method=\"GET\",http_response_status_code=\"200\"";
        value(&page, &format!("{name}{{{labels},http_route=\"{route}\"}}"))
    };
    let ask = |route: &str| drop(client.get("/").header("x-route", route).send());
    ask("a\"b\\c");
    ask("a\"b\\c");
    assert_eq!(count("a\\\"b\\\\c"), Some(2.0));
    for n in 0..2000 {
        ask(&n.to_string());
    }
    assert!(count("_OTHER").unwrap() > 1000.0);
    let series = page(&client);
    let series = series.matches("duration_seconds_count").count();
    assert!(series <= 512 + 2, "{series}");
}

#[cfg(feature = "router")]
#[test]
fn a_router_inside_says_the_route() {
    let metrics = Metrics::new().by_route();
    let router = crate::Router::new().get("/users/{id}", app_fn(ends));
    let client = Client::new(site(&metrics, router.build().unwrap()));
    for path in ["/users/1", "/users/2", "/else"] {
        client.get(path).send();
    }
    let page = page(&client);
    let count = |labels: &str| {
        let name = "http_server_request_duration_seconds_count";
        value(
            &page,
            &format!("{name}{{http_request_method=\"GET\",{labels}}}"),
        )
    };
    let route = "http_response_status_code=\"200\",http_route=\"/users/{id}\"";
    assert_eq!(count(route), Some(2.0), "{page}");
    assert_eq!(count("http_response_status_code=\"404\""), Some(1.0));
}

#[test]
fn the_server_is_told_of() {
    let metrics = Metrics::new();
    let lifted = blocking(|_: Environ, start_response: StartResponse| {
        Ok(start_response.start(StatusCode::OK).full("hi"))
    });
    let mut client = Client::new(site(&metrics, lifted)).lifting();
    assert_eq!(client.get("/").send().text(), "hi");
    let text = page(&client);
    let threads = |state| value(&text, &format!("rgi_blocking_threads{{state=\"{state}\"}}"));
    assert_eq!(threads("free"), Some(1.0));
    assert_eq!(
        threads("busy")
            .zip(threads("idle"))
            .map(|(one, other)| one + other),
        Some(1.0)
    );
    assert_eq!(value(&text, "rgi_blocking_waiting"), Some(0.0));
    assert!(
        text.contains("\nrgi_server_info{software=\"rgi-core-test/"),
        "{text}"
    );
    let pid = format!("pid=\"{}\"", std::process::id());
    assert_eq!(text.matches("pid=").count(), 1, "{text}");
    assert_eq!(
        value(&text, &format!("rgi_worker_info{{{pid}}}")),
        Some(1.0)
    );

    client.host_mut().info.multiprocess = true;
    client.host_mut().info.process = Some(3);
    let text = page(&client);
    let worker = format!("rgi_worker_info{{worker=\"3\",{pid}}}");
    assert_eq!(value(&text, &worker), Some(1.0), "{text}");
    let samples = |line: &&str| !line.starts_with('#');
    assert!(
        text.lines().filter(samples).all(|line| line.contains(&pid)),
        "{text}"
    );
}

struct Busy;

impl Gauge for Busy {
    fn load(&self) -> Load {
        let mut load = Load::default();
        load.connections = 7;
        load.threads = Some(PoolState {
            most: 4,
            threads: 4,
            idle: 1,
            waiting: 2,
        });
        load
    }
}

#[test]
fn what_the_server_does_not_say_is_not_there() {
    let mut client = Client::new(site(&Metrics::new(), app_fn(ends)));
    let text = page(&client);
    assert!(!text.contains("rgi_connections"), "{text}");
    assert!(!text.contains("rgi_blocking"), "{text}");
    client.host_mut().gauge = Some(Arc::new(Busy));
    let text = page(&client);
    for (sample, expected) in [
        ("rgi_connections", 7.0),
        ("rgi_blocking_threads{state=\"busy\"}", 3.0),
        ("rgi_blocking_threads{state=\"idle\"}", 1.0),
        ("rgi_blocking_threads{state=\"free\"}", 0.0),
        ("rgi_blocking_waiting", 2.0),
    ] {
        assert_eq!(value(&text, sample), Some(expected), "{sample}: {text}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_has_begun_before_now() {
    let client = Client::new(site(&Metrics::new(), app_fn(ends)));
    let began = value(&page(&client), "process_start_time_seconds").unwrap();
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    // The boot is told to the second.
    assert!(began > 0.0 && began < now + 1.0, "{began} {now}");
}

#[test]
fn a_page_has_each_name_once() {
    let client = Client::new(site(&Metrics::new(), app_fn(ends)));
    client.get("/").send();
    let text = page(&client);
    let mut names: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(text.ends_with('\n'));
    assert_eq!(client.post("/metrics").send().status(), 405);
    assert_eq!(client.head("/metrics").send().status(), 200);
}
