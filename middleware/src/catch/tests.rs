use std::io;

use rgi_core::testing::{Client, Reply};
use rgi_core::{AppExt, BoxBody, End, Environ, Error, StartResponse, StatusCode, app_fn};

use super::Catch;

/// Fails in the way that its path says.
fn failing(environ: Environ, start_response: StartResponse) -> BoxBody {
    let path = environ.path_info().to_owned();
    if path == "/call" {
        panic!("in the call");
    }
    BoxBody::future(async move {
        match path.as_str() {
            "/panic" => panic!("in the body"),
            "/gone" => Err(Error::disconnected()),
            "/busy" => Err(Error::overloaded("no room")),
            "/odd" => Err(Error::new("odd").with_status(StatusCode::NOT_MODIFIED)),
            "/cart" => Err(Error::new("no \"cart\"\n<b>").with_status(StatusCode::NOT_FOUND)),
            "/deep" => Err(Error::new(io::Error::other(Error::new("the disk")))),
            "/late" => {
                let body = start_response
                    .start(StatusCode::OK)
                    .push(async |mut writer| {
                        writer.write("half").await?;
                        Err(Error::new("too late"))
                    });
                Ok(BoxBody::new(body))
            }
            "/held" => {
                let body = start_response.start(StatusCode::OK);
                Ok(BoxBody::new(body.push(async |_| Err(Error::new("held")))))
            }
            _ => Ok(BoxBody::from(
                start_response.start(StatusCode::OK).full("fine"),
            )),
        }
    })
}

fn ask(catch: Catch, target: &str) -> Reply {
    let client = Client::new(app_fn(failing).with(catch));
    let request = client.get(target).header("authorization", "Bearer abc");
    request.header("x-seen", "<i>").send()
}

#[test]
fn what_succeeds_passes() {
    let reply = ask(Catch::problems(), "/");
    assert_eq!((reply.status(), reply.text().as_str()), (200, "fine"));
    assert_eq!(reply.head().length(), Some(4));
}

#[test]
fn errors_and_panics_are_answered_for() {
    for (target, status) in [
        ("/call", 500),
        ("/panic", 500),
        ("/cart", 404),
        ("/held", 500),
        ("/odd", 500),
    ] {
        let reply = ask(Catch::problems(), target);
        assert_eq!(reply.status(), status, "{target}");
        let media = reply.header("content-type");
        assert_eq!(media, Some("application/problem+json"), "{target}");
        assert!(reply.outcome().error.is_some(), "{target}");
        assert_eq!(reply.outcome().end, End::Sent, "{target}");
    }
}

#[test]
fn messages_are_told_of_the_clients_errors_alone() {
    let text = |target| ask(Catch::problems().details(), target).text();
    let cart = r#"{"title":"Not Found","status":404,"detail":"no \"cart\"\u000a<b>"}"#;
    assert_eq!(text("/cart"), cart);
    let held = r#"{"title":"Internal Server Error","status":500}"#;
    assert_eq!(text("/held"), held);
    let plain = ask(Catch::plain(), "/cart").text();
    assert_eq!(plain, "404 Not Found\n");
}

#[test]
fn what_was_committed_is_cut() {
    let reply = ask(Catch::plain(), "/late");
    assert_eq!((reply.status(), reply.text().as_str()), (200, "half"));
    assert!(reply.was_cut());
}

#[test]
fn who_has_left_gets_no_page() {
    let reply = ask(Catch::problems(), "/gone");
    assert_eq!(reply.outcome().end, End::Disconnected);
}

#[test]
fn overload_says_when_to_come_again() {
    let reply = ask(Catch::plain(), "/busy");
    assert_eq!(
        (reply.status(), reply.header("retry-after")),
        (503, Some("1"))
    );
}

#[test]
fn the_debug_page_tells_all_but_credentials() {
    let page = ask(Catch::debug(), "/cart").text();
    assert!(page.contains("no &quot;cart&quot;\n&lt;b&gt;"), "{page}");
    assert!(page.contains("GET /cart HTTP/1.1"), "{page}");
    assert!(page.contains("x-seen: &lt;i&gt;"), "{page}");
    assert!(!page.contains("abc"), "{page}");
}

#[test]
fn a_head_has_the_same_head() {
    let client = Client::new(app_fn(failing).with(Catch::plain()));
    let reply = client.head("/cart").send();
    assert_eq!((reply.status(), reply.head().length()), (404, Some(14)));
    assert!(reply.body().is_empty());
}
