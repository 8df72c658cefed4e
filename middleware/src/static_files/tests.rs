use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rgi_core::server::{Offload, Work};
use rgi_core::testing::{Client, Reply};
use rgi_core::{App, HeaderValue, Method};
use tempfile::TempDir;

use super::StaticFiles;

/// A directory of files, beside one with a secret.
fn site() -> (TempDir, Client<StaticFiles>) {
    site_with(|files| files)
}

fn site_with(settings: impl Fn(StaticFiles) -> StaticFiles) -> (TempDir, Client<StaticFiles>) {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir_all(at("root/sub/.git")).unwrap();
    fs::create_dir_all(at("root/.well-known")).unwrap();
    for (name, text) in [
        ("secret", "secret"),
        ("root/index.html", "index"),
        ("root/a b.txt", "spaces"),
        ("root/page.css", "0123456789"),
        ("root/sub/index.html", "sub"),
        ("root/sub/.git/config", "secret"),
        ("root/.well-known/x", "known"),
    ] {
        fs::write(at(name), text).unwrap();
    }
    symlink("../secret", at("root/out")).unwrap();
    symlink(at("secret"), at("root/absolute")).unwrap();
    symlink("..", at("root/sub/up")).unwrap();
    symlink("page.css", at("root/link.css")).unwrap();
    symlink("../..", at("root/sub/out")).unwrap();
    symlink("loop", at("root/loop")).unwrap();
    let fifo = rustix::fs::Mode::RUSR;
    let root = File::open(at("root")).unwrap();
    rustix::fs::mknodat(&root, "fifo", rustix::fs::FileType::Fifo, fifo, 0).unwrap();
    let files = settings(StaticFiles::new(at("root")).unwrap());
    (dir, Client::new(files))
}

fn get<A: App>(client: &Client<A>, path: &str) -> (u16, String) {
    let reply = client.get(path).send();
    (reply.status(), reply.text())
}

#[test]
fn files_and_indexes_are_found() {
    let (_dir, client) = site();
    for (path, text) in [
        ("/", "index"),
        ("/index.html", "index"),
        ("/a%20b.txt", "spaces"),
        ("/sub/", "sub"),
        ("/link.css", "0123456789"),
        ("/sub/up/page.css", "0123456789"),
        ("/.well-known/x", "known"),
        ("/%70age.css?x=y", "0123456789"),
    ] {
        assert_eq!(get(&client, path), (200, text.to_owned()), "{path}");
    }
    let reply = client.get("/page.css").send();
    assert_eq!(
        reply.header("content-type"),
        Some("text/css; charset=utf-8")
    );
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(reply.head().length(), Some(10));
    let head = client.head("/page.css").send();
    assert_eq!((head.status(), head.head().length()), (200, Some(10)));
    assert_eq!(head.header("etag"), reply.header("etag"));
}

#[test]
fn there_is_no_way_out() {
    let (_dir, client) = site();
    for path in [
        "/../secret",
        "/%2e%2e/secret",
        "/sub/../../secret",
        "/..%2fsecret",
        "/sub%2f..%2f..%2fsecret",
        "//../secret",
        "/./page.css",
        "/sub//index.html",
        "/sub//",
        "//",
        "//page.css",
        "/page.css%00",
        "/out",
        "/absolute",
        "/sub/out/secret",
        "/loop",
        "/fifo",
        "/sub/.git/config",
        "/sub/.well-known/x",
        "/page.css/",
        "/page.css/x",
        "/nothing",
        "/%ff",
    ] {
        assert_eq!(
            get(&client, path),
            (404, "Not Found\n".to_owned()),
            "{path}"
        );
    }
    let long = format!("/{}", "x".repeat(5000));
    assert_eq!(get(&client, &long).0, 404);
    let (_dir, client) = site_with(StaticFiles::hidden);
    assert_eq!(get(&client, "/sub/.git/config"), (200, "secret".to_owned()));
    assert_eq!(get(&client, "/../secret").0, 404);
}

#[test]
fn directories_are_redirected() {
    let (_dir, client) = site();
    let client = client.mounted("/files");
    for (path, location) in [
        ("/files/sub", "/files/sub/"),
        ("/files", "/files/"),
        ("/files/sub?a=b", "/files/sub/?a=b"),
    ] {
        let reply = client.get(path).send();
        assert_eq!(
            (reply.status(), reply.header("location")),
            (301, Some(location))
        );
    }
    let (_dir, client) = site_with(StaticFiles::without_index);
    assert_eq!(get(&client, "/sub").0, 404);
    assert_eq!(get(&client, "/sub/").0, 404);
}

#[test]
fn other_methods_are_refused() {
    let (_dir, client) = site();
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let reply = client.request(method, "/page.css").send();
        assert_eq!(
            (reply.status(), reply.header("allow")),
            (405, Some("GET, HEAD"))
        );
    }
}

#[test]
fn conditions_and_ranges_hold() {
    let (_dir, client) = site_with(|files| settled_after(files, Duration::ZERO));
    let ask = |fields: &[(&str, &str)]| -> Reply {
        let get = client.get("/page.css");
        let get = fields
            .iter()
            .fold(get, |get, (name, value)| get.header(name, value));
        get.send()
    };
    let first = ask(&[]);
    let tag = first.header("etag").unwrap();
    let date = first.header("last-modified").unwrap();
    assert_eq!(ask(&[("if-none-match", tag)]).status(), 304);
    assert_eq!(ask(&[("if-modified-since", date)]).status(), 304);
    assert_eq!(ask(&[("if-match", "\"x\"")]).status(), 412);
    let part = ask(&[("range", "bytes=-2"), ("if-range", tag)]);
    assert_eq!((part.status(), part.text().as_str()), (206, "89"));
    assert_eq!(ask(&[("range", "bytes=10-")]).status(), 416);
    assert_eq!(
        ask(&[("range", "bytes=1-2"), ("if-range", "\"x\"")]).status(),
        200
    );
}

fn settled_after(files: StaticFiles, settled: Duration) -> StaticFiles {
    files.edit(|it| it.settled = settled)
}

#[test]
fn a_tag_is_weak_while_a_change_could_have_the_same_time() {
    let (dir, new) = site_with(|files| settled_after(files, Duration::from_secs(3600)));
    let files = StaticFiles::new(dir.path().join("root")).unwrap();
    let old = Client::new(settled_after(files, Duration::ZERO));
    let weak = new.get("/page.css").send();
    let weak = weak.header("etag").expect("a tag");
    assert!(weak.starts_with("W/"), "{weak}");
    let ask = |client: &Client<StaticFiles>, name, tag| {
        let get = client.get("/page.css").header("range", "bytes=-2");
        get.header(name, tag).send().status()
    };
    assert_eq!(ask(&new, "if-none-match", weak), 304);
    assert_eq!(ask(&new, "if-range", weak), 200);
    // Nobody knows whether it is the same.
    assert_eq!(ask(&old, "if-none-match", weak), 206);
}

#[test]
fn a_date_that_was_set_makes_no_tag_the_same() {
    let (dir, client) = site_with(|files| settled_after(files, Duration::ZERO));
    let path = dir.path().join("root/page.css");
    let write = |text: &str| {
        fs::write(&path, text).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        client.get("/page.css").send()
    };
    let first = write("one");
    let tag = first.header("etag").expect("a tag");
    // The clock of the file system goes on by itself, in milliseconds.
    let second = std::iter::repeat_with(|| write("two"));
    let mut second = second.take(10_000);
    assert!(second.any(|reply| reply.text() == "two" && reply.header("etag") != Some(tag)));
}

#[test]
fn files_are_of_any_date() {
    let (dir, client) = site();
    let file = File::options()
        .write(true)
        .open(dir.path().join("root/page.css"))
        .unwrap();
    let (day, long) = (Duration::from_secs(86400), Duration::from_secs(9_999 << 25));
    let mut tags = Vec::new();
    for (modified, wanted) in [
        (
            SystemTime::UNIX_EPOCH,
            Some("Thu, 01 Jan 1970 00:00:00 GMT"),
        ),
        (
            SystemTime::UNIX_EPOCH - day,
            Some("Thu, 01 Jan 1970 00:00:00 GMT"),
        ),
        (
            SystemTime::UNIX_EPOCH + day,
            Some("Fri, 02 Jan 1970 00:00:00 GMT"),
        ),
        // Of a year that has no date, told as of today.
        (SystemTime::UNIX_EPOCH + long, None),
    ] {
        // Not every file system has all of them.
        if file.set_modified(modified).is_err() {
            continue;
        }
        let reply = client.get("/page.css").send();
        assert_eq!(reply.status(), 200);
        let date = reply.header("last-modified");
        assert!(wanted.is_none_or(|wanted| date == Some(wanted)), "{date:?}");
        let tag = reply.header("etag").expect("a tag").to_owned();
        assert!(!tags.contains(&tag), "{tag}");
        tags.push(tag);
    }
}

#[test]
fn compressed_ones_are_preferred() {
    let (dir, client) = site_with(StaticFiles::precompressed);
    let at = |name: &str| dir.path().join("root").join(name);
    let write = |name: &str, text: &str, age: u64| {
        fs::write(at(name), text).unwrap();
        let time = SystemTime::now() - Duration::from_secs(age);
        File::options()
            .write(true)
            .open(at(name))
            .unwrap()
            .set_modified(time)
            .unwrap();
    };
    write("page.css", "plain", 100);
    write("page.css.gz", "gzip", 50);
    write("page.css.zst", "old", 200);
    let ask = |accept: &str| {
        client
            .get("/page.css")
            .header("accept-encoding", accept)
            .send()
    };
    for (accept, text, coding) in [
        ("gzip", "gzip", Some("gzip")),
        ("zstd, br, gzip;q=0.1", "gzip", Some("gzip")),
        ("zstd", "plain", None),
        ("gzip;q=0", "plain", None),
        ("gzip;q=0.5, identity", "plain", None),
    ] {
        let reply = ask(accept);
        assert_eq!(
            (reply.text().as_str(), reply.header("content-encoding")),
            (text, coding)
        );
        assert_eq!(reply.header("vary"), Some("accept-encoding"));
        assert_eq!(
            reply.header("content-type"),
            Some("text/css; charset=utf-8")
        );
    }
    assert_ne!(ask("gzip").header("etag"), ask("").header("etag"));
    let plain = ask("").header("etag").unwrap().to_owned();
    let other = client.get("/page.css").header("accept-encoding", "gzip");
    assert_eq!(other.header("if-none-match", &plain).send().status(), 200);
}

#[test]
fn a_server_that_may_not_block_answers_the_same() {
    let (_dir, client) = site();
    let client = client.lifting();
    for _ in 0..2 {
        assert_eq!(get(&client, "/page.css"), (200, "0123456789".to_owned()));
        assert_eq!(get(&client, "/../secret").0, 404);
        assert_eq!(get(&client, "/nothing").0, 404);
        assert_eq!(get(&client, "/sub").0, 301);
    }
}

/// Of the system's own files, which are found behind a wait alone; their length is said to be 0.
#[cfg(target_os = "linux")]
#[test]
fn what_has_to_be_waited_for_is_opened_on_the_pool() {
    let files = || StaticFiles::new("/proc/sys/kernel").unwrap();
    let waits = Client::new(files());
    let mut lifts = Client::new(files()).lifting();
    for path in ["/ostype", "/pty/max", "/pty", "/nothing"] {
        let (waited, lifted) = (waits.get(path).send(), lifts.get(path).send());
        assert_eq!(lifted.status(), waited.status(), "{path}");
        let seen = |reply: &Reply, name| reply.header(name).map(str::to_owned);
        for name in ["content-type", "content-length", "location"] {
            assert_eq!(seen(&lifted, name), seen(&waited, name), "{path}");
        }
        assert_eq!(lifted.outcome().end, waited.outcome().end, "{path}");
    }
    assert_eq!(lifts.get("/ostype").send().status(), 200);
    assert_eq!(lifts.get("/pty").send().status(), 301);
    // Without a thread in time there is no answer: it is the pool that opens.
    lifts.host_mut().offload = Some(Arc::new(Busy));
    assert_eq!(lifts.get("/ostype").send().status(), 503);
}

/// A pool whose queue is full.
struct Busy;

impl Offload for Busy {
    fn start(&self, _: Arc<dyn Work>) -> bool {
        false
    }

    fn resume(&self, _: Arc<dyn Work>) {}

    fn buffer_body(&self) -> u64 {
        0
    }

    fn queue_timeout(&self) -> Option<Duration> {
        None
    }
}

#[test]
fn settings_show() {
    let (_dir, client) = site_with(|files| {
        files
            .index("page.css")
            .cache_control(HeaderValue::from_static("no-cache"))
            .content_type("css", HeaderValue::from_static("text/x"))
    });
    let reply = client.get("/").send();
    assert_eq!(reply.text(), "0123456789");
    assert_eq!(reply.header("cache-control"), Some("no-cache"));
    assert_eq!(reply.header("content-type"), Some("text/x"));
    // What comes of a request's own fields is for no cache.
    for (name, value, status) in [("if-match", "\"x\"", 412), ("range", "bytes=10-", 416)] {
        let reply = client.get("/").header(name, value).send();
        assert_eq!(reply.status(), status);
        assert_eq!(reply.header("cache-control"), None, "{name}");
    }
    assert!(StaticFiles::new("/nowhere/at/all").is_err());
}
