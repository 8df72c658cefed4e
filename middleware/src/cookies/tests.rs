use rgi_core::testing::{Client, Reply};
use rgi_core::{AppExt, Environ, Full, Scheme, StartResponse, StatusCode, app_fn};

use super::{Cookie, Cookies, Jar, Key, SameSite};

fn with(act: fn(&Jar) -> String, secure: bool, cookies: &str) -> Reply {
    let app = app_fn(
        move |environ: Environ, start_response: StartResponse| -> Full {
            let text = act(&Jar::of(&environ).expect("a jar"));
            start_response.start(StatusCode::OK).full(text)
        },
    );
    let cookied = app.with(Cookies::new().key(Key::derive_from(&[7; 32])));
    let app = app_fn(move |mut environ: Environ, start_response: StartResponse| {
        if secure {
            environ.set_scheme(Scheme::Https);
        }
        rgi_core::App::call(&cookied, environ, start_response)
    });
    Client::new(app).get("/").header("cookie", cookies).send()
}

fn set(reply: &Reply) -> Vec<&str> {
    let fields = reply.head().iter();
    let set = fields.filter(|(name, _)| name.as_str() == "set-cookie");
    set.map(|(_, value)| value.to_str().unwrap()).collect()
}

#[test]
fn they_are_read() {
    let get = |jar: &Jar| format!("{:?} {:?}", jar.get("a"), jar.get("b"));
    let reply = with(get, false, "a=1; b=x%3By; a=2; ; =; c");
    assert_eq!(reply.text(), r#"Some("1") Some("x;y")"#);
    assert!(set(&reply).is_empty());
}

#[test]
fn a_name_is_what_was_sent() {
    // Decoded or trimmed of more they would be names that browsers protect.
    let cookies = "__%48ost-id=1; __Host%2did=2; \u{2003}__Host-id=3; \u{a0}__Secure-id=4";
    let get = |jar: &Jar| {
        let (host, secure) = (jar.get("__Host-id"), jar.get("__Secure-id"));
        format!("{host:?} {secure:?} {:?}", jar.get("__%48ost-id"))
    };
    assert_eq!(with(get, true, cookies).text(), r#"None None Some("1")"#);
    // One that nobody can read hides no other.
    let get = |jar: &Jar| format!("{:?} {:?}", jar.get("a"), jar.get("b"));
    let reply = with(get, false, "a=%ff; b=\u{e9}; a=1");
    assert_eq!(reply.text(), "Some(\"1\") Some(\"\u{e9}\")");
}

#[test]
fn a_name_is_set_as_it_is_or_not_at_all() {
    let act = |jar: &Jar| {
        for name in ["", "a b", "a=b", "a;b", "a\r\nb", "\u{e9}", "a,b"] {
            let error = jar.set((name, "1")).expect_err("no name");
            assert!(error.is_misuse(), "{name:?}");
            assert!(jar.remove(name).is_err() && jar.set_signed((name, "1")).is_err());
        }
        jar.set(("a%3D|b", "%")).unwrap();
        format!("{:?}", jar.get("a%3D|b"))
    };
    let reply = with(act, false, "a%3D|b=x%25");
    assert_eq!(reply.text(), r#"Some("%")"#);
    assert_eq!(set(&reply), ["a%3D|b=%25; HttpOnly; SameSite=Lax; Path=/"]);
}

#[test]
fn none_is_set_behind_the_head() {
    let app = app_fn(|environ: Environ, start_response: StartResponse| {
        let jar = Jar::of(&environ).expect("a jar");
        jar.set(("early", "1")).unwrap();
        let started = start_response.start(StatusCode::OK);
        started.push(async move |mut writer| {
            assert!(jar.remove("early").is_err());
            let error = jar.set(("late", "1")).expect_err("too late");
            assert!(error.is_misuse());
            writer.write(format!("{:?}", jar.get("late"))).await
        })
    });
    let reply = Client::new(app.with(Cookies::new())).get("/").send();
    assert_eq!(reply.text(), "None");
    assert_eq!(set(&reply), ["early=1; HttpOnly; SameSite=Lax; Path=/"]);
}

#[test]
fn what_is_not_said_is_safe() {
    let act = |jar: &Jar| {
        jar.set(("a", "x; Domain=evil\r\n")).unwrap();
        String::new()
    };
    let value = "a=x%3B%20Domain%3Devil%0D%0A; HttpOnly; SameSite=Lax;";
    assert_eq!(set(&with(act, false, "")), [format!("{value} Path=/")]);
    assert_eq!(
        set(&with(act, true, "")),
        [format!("{value} Secure; Path=/")]
    );
}

#[test]
fn what_is_said_holds() {
    let act = |jar: &Jar| {
        let cookie = Cookie::build(("a", "1"))
            .http_only(false)
            .secure(false)
            .path("/x");
        jar.set(cookie.same_site(SameSite::Strict)).unwrap();
        let cookie = Cookie::build(("__Host-b", "1"))
            .path("/x")
            .domain("x.invalid");
        jar.set(cookie).unwrap();
        jar.set(Cookie::build(("c", "1")).same_site(SameSite::None))
            .unwrap();
        String::new()
    };
    let reply = with(act, true, "");
    let mut set = set(&reply);
    set.sort_unstable();
    assert_eq!(
        set,
        [
            "__Host-b=1; HttpOnly; SameSite=Lax; Secure; Path=/",
            "a=1; SameSite=Strict; Path=/x",
            "c=1; HttpOnly; SameSite=None; Secure; Path=/",
        ]
    );
}

#[test]
fn they_are_forgotten() {
    let act = |jar: &Jar| {
        jar.remove("a").unwrap();
        format!("{:?}", jar.get("a"))
    };
    let reply = with(act, false, "a=1");
    assert_eq!(reply.text(), "None");
    assert!(set(&reply)[0].starts_with("a=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"));
}

#[test]
fn signed_and_private_ones_cannot_be_changed() {
    let act = |jar: &Jar| {
        let seen = format!("{:?} {:?}", jar.get_signed("s"), jar.get_private("p"));
        jar.set_signed(("s", "sign")).unwrap();
        jar.set_private(("p", "hide")).unwrap();
        seen
    };
    let first = with(act, false, "s=sign; p=hide");
    assert_eq!(first.text(), "None None");
    let mut cookies: Vec<String> = set(&first)
        .iter()
        .map(|line| line.split(';').next().unwrap().to_owned())
        .collect();
    cookies.sort_unstable();
    assert!(cookies[1].ends_with("sign") && !cookies[0].contains("hide"));
    let again = with(act, false, &cookies.join("; "));
    assert_eq!(again.text(), r#"Some("sign") Some("hide")"#);
    let changed = cookies.join("; ").replace("sign", "resign");
    assert_eq!(with(act, false, &changed).text(), r#"None Some("hide")"#);
}
