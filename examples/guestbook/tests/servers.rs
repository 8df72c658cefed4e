//! The same visit over the wire on each server, in two processes where that changes what is shared.

mod client;

use client::{Program, Visitor};

/// What the page has of a text.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('"', "&quot;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

fn visit(server: &str) {
    let program = Program::serve(server);
    reading(&program);
    signing(&program);
    signing_twice(&program);
    refusals(&program);
    pages(&program);
    files(&program);
    program.stop();
}

/// Who only reads has no session, and gets the page that is kept.
fn reading(program: &Program) {
    let reader = Visitor::new(program);
    let page = reader.get("/");
    assert_eq!(page.status, 200);
    assert!(page.text.contains("No entries yet"), "{}", page.text);
    assert_eq!(page.field("set-cookie"), None);
    assert!(page.field("content-security-policy").is_some());
    // Of three more, one is at a process that was asked before.
    let is_kept = |_| reader.get("/").field("age").is_some();
    assert!((0..3).any(is_kept));
    let head = reader.ask("HEAD", "/", "", "");
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(head.field("content-length"), page.field("content-length"));
    assert_eq!(head.field("etag"), page.field("etag"));
    let tag = format!("if-none-match: {}\r\n", page.field("etag").unwrap());
    assert_eq!(reader.ask("GET", "/", &tag, "").status, 304);
}

fn signing(program: &Program) {
    let visitor = Visitor::new(program);
    let (name, message) = (
        "J\u{fc}rgen <b>B</b>",
        "Gr\u{fc}\u{df}e & \"<script>alert(1)</script>\"\n'bye'",
    );
    let answer = visitor.sign(name, message);
    assert_eq!(answer.status, 303, "{}", answer.text);
    let location = answer.field("location").unwrap().to_owned();
    assert!(location.starts_with("/#entry-"), "{location}");
    // Whatever process is asked, and though each may keep the page without it.
    for turn in 0..6 {
        let page = visitor.get("/");
        assert!(
            page.text.contains(&format!("id=\"{}\"", &location[2..])),
            "{}",
            page.text
        );
        assert!(
            page.text.contains(&format!(">{}<", escaped(name))),
            "{}",
            page.text
        );
        assert!(page.text.contains(&escaped(message)), "{}", page.text);
        assert!(page.text.contains("One entry") && page.text.contains(" UTC</time>"));
        assert!(!page.text.contains("<script"));
        assert_eq!(page.text.contains("Thank you"), turn == 0);
        assert_eq!(page.field("cache-control"), Some("private, no-cache"));
    }
    let form = visitor.get("/sign");
    assert!(
        form.text.contains(&format!("value=\"{}\"", escaped(name))),
        "{}",
        form.text
    );
    assert!(
        form.field("cache-control")
            .unwrap()
            .contains("no-transform")
    );
}

/// A form is good for one entry, however often it is sent, and whatever process gets it.
fn signing_twice(program: &Program) {
    let visitor = Visitor::new(program);
    let form = visitor.fill("Bo", "a double click");
    let first = visitor.post("/sign", "", &form);
    for _ in 0..6 {
        let again = visitor.post("/sign", "", &form);
        assert_eq!(
            (again.status, again.field("location")),
            (303, first.field("location"))
        );
    }
    // With other words, it comes back with another number.
    let again = visitor.post("/sign", "", &form.replace("message=", "message=now+"));
    assert_eq!(again.status, 422);
    assert!(again.text.contains("Sign again for another entry."));
    assert!(again.text.contains("now a double click"), "{}", again.text);
    let page = visitor.get("/").text;
    assert_eq!(page.matches("a double click").count(), 1, "{page}");
    assert!(page.contains("2 entries"), "{page}");
}

fn refusals(program: &Program) {
    let visitor = Visitor::new(program);
    let form = visitor.fill("Eve", "x");
    // Of another session, without what it was shown with, and from another site.
    let status =
        |visitor: &Visitor, from: &str, form: &str| visitor.post("/sign", from, form).status;
    assert_eq!(status(&Visitor::new(program), "", &form), 403);
    for hidden in ["token=", "number="] {
        let without = form.replacen(hidden, "other=", 1);
        assert_eq!(status(&visitor, "", &without), 403, "{hidden}");
    }
    for from in [
        "sec-fetch-site: cross-site\r\n",
        "origin: http://evil.invalid\r\n",
        "origin: null\r\n",
    ] {
        assert_eq!(status(&visitor, from, &form), 403, "{from}");
    }
    let answer = visitor.sign(&"n".repeat(61), "kept <as> it was");
    assert_eq!(answer.status, 422);
    assert!(
        answer
            .text
            .contains("This is 1 too many: a name has at most 60 characters.")
    );
    assert!(
        answer.text.contains("kept &lt;as&gt; it was"),
        "{}",
        answer.text
    );
    let answer = visitor.sign("Eve", &"m".repeat(1001));
    assert_eq!(answer.status, 422);
    assert!(
        answer
            .text
            .contains("a message has at most 1000 characters.")
    );
    assert_eq!(visitor.sign(" \t", "x").status, 422);
    assert_eq!(visitor.sign("Eve", &"m".repeat(65 * 1024)).status, 413);
    assert_eq!(visitor.ask("PUT", "/sign", "", "").status, 405);
    assert_eq!(visitor.get("/nothing").status, 404);
    assert_eq!(visitor.get("/?before=x").status, 400);
    assert!(visitor.get("/").text.contains("2 entries"));
    let here = format!("origin: http://{}\r\n", program.address);
    assert_eq!(status(&visitor, &here, &form), 303);
}

/// 20 a page, and there and back.
fn pages(program: &Program) {
    let visitor = Visitor::new(program);
    for n in 4..=45 {
        assert_eq!(visitor.sign("Ada", &format!("entry {n}.")).status, 303);
    }
    visitor.get("/");
    let newest = visitor.get("/");
    assert_eq!(newest.text.matches("<article").count(), 20);
    assert!(newest.text.contains("entry 45.") && newest.text.contains("entry 26."));
    assert!(newest.text.contains("1\u{2013}20 of 45") && newest.link("prev").is_none());
    let second = visitor.get(&newest.link("next").unwrap());
    assert!(second.text.contains("entry 25.") && second.text.contains("entry 6."));
    assert_eq!(second.link("prev").as_deref(), Some("/"));
    let last = visitor.get(&second.link("next").unwrap());
    assert!(last.text.contains("41\u{2013}45 of 45") && last.link("next").is_none());
    assert!(last.text.contains("a double click") && last.text.contains("J\u{fc}rgen"));
    assert_eq!(visitor.get(&last.link("prev").unwrap()).text, second.text);
    let none = visitor.get("/?before=1");
    assert!(none.text.contains("nothing on this page") && none.link("prev").is_some());
    assert!(
        none.text
            .contains("<title>Empty page \u{b7} Guestbook</title>")
    );
    let gzip = Visitor::new(program).ask("GET", "/", "accept-encoding: gzip\r\n", "");
    assert_eq!(gzip.field("content-encoding"), Some("gzip"));
}

fn files(program: &Program) {
    let visitor = Visitor::new(program);
    let style = visitor.get("/style.css");
    assert_eq!(style.field("content-type"), Some("text/css; charset=utf-8"));
    assert!(style.text.contains("prefers-color-scheme: dark"));
    assert_eq!(
        visitor.get("/icon.svg").field("content-type"),
        Some("image/svg+xml")
    );
}

#[test]
fn evented() {
    visit("evented");
}

#[test]
fn coroutine() {
    visit("coroutine");
}

#[test]
fn threaded() {
    visit("threaded");
}

#[test]
fn prefork() {
    visit("prefork");
}

#[test]
fn actix() {
    visit("actix");
}
