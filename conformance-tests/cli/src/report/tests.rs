use std::time::Duration;

use super::*;

/// One of each, with all that has to be escaped somewhere.
fn report() -> Report {
    let test = |name: &str, place: &str, verdict, took| Test {
        name: name.into(),
        place: place.into(),
        verdict,
        took,
    };
    let wrong = "got <\"a\" & 'b'>\n\tbehind \u{1}\u{1b}[31m \u{fffe} \\ #1 \u{e4}\r\n";
    let mut report = Report {
        command: "run",
        tests: vec![
            test(
                "good",
                "here",
                Verdict::Passed,
                Some(Duration::from_millis(1500)),
            ),
            test("bad <#1>", "here", Verdict::Failed(wrong.into()), None),
            test(
                "none",
                "there & back",
                Verdict::NotOffered("no `upgrade` # here".into()),
                None,
            ),
        ],
        ..Report::default()
    };
    report.more.insert("seed".into(), 7.into());
    report
}

fn text(format: Format, report: &Report) -> String {
    format.text(report, || unreachable!("no table is asked for"))
}

#[test]
fn junit_looks_like_this() {
    insta::assert_snapshot!(text(Format::Junit, &report()));
}

#[test]
fn tap_looks_like_this() {
    insta::assert_snapshot!(text(Format::Tap, &report()));
}

#[test]
fn json_looks_like_this() {
    insta::assert_snapshot!(text(Format::Json, &report()));
}

#[test]
fn a_table_is_the_commands_own() {
    assert_eq!(Format::default().text(&report(), || "mine".into()), "mine");
}

/// An element, and the text behind its tag.
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
}

impl Element {
    fn attribute(&self, key: &str) -> &str {
        let found = self.attributes.iter().find(|(it, _)| it == key);
        found.map_or("", |(_, value)| value)
    }
}

/// Reads XML as strictly as it has to be for what stands here: declarations, elements, attributes,
/// references.
fn elements(xml: &str) -> Vec<Element> {
    let legal = |sign: char| matches!(sign, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..);
    assert!(xml.chars().all(legal), "a sign that XML has not: {xml:?}");
    let mut open = Vec::new();
    let mut found = Vec::new();
    for part in xml.split('<').skip(1) {
        let (tag, behind) = part.split_once('>').expect("a tag has an end");
        assert!(!behind.contains('>'), "{behind:?}");
        if tag.starts_with('?') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "in {xml}");
            continue;
        }
        let (tag, is_empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut attributes = Vec::new();
        while !rest.is_empty() {
            let (key, value) = rest.split_once("=\"").expect("a value in quotes");
            let (value, more) = value.split_once('"').expect("a value has an end");
            attributes.push((key.trim().to_owned(), unescaped(value)));
            rest = more;
        }
        if !is_empty {
            open.push(name.to_owned());
        }
        found.push(Element {
            name: name.to_owned(),
            attributes,
            text: unescaped(behind),
        });
    }
    assert!(open.is_empty(), "{open:?} in {xml}");
    found
}

fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(';').expect("a reference has an end");
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            number => {
                let number = number.strip_prefix('#').expect("a known reference");
                char::from_u32(number.parse().unwrap()).unwrap()
            }
        });
        out.push_str(rest);
    }
    out
}

#[test]
fn junit_is_xml_that_holds_all_there_is() {
    let mut report = report();
    report.stopped = Some("it is <gone>".into());
    let xml = text(Format::Junit, &report);
    let elements = elements(&xml);
    let named =
        |name: &str| -> Vec<&Element> { elements.iter().filter(|it| it.name == name).collect() };
    let names = |of: &str| -> Vec<&str> {
        let named = named(of).into_iter();
        named.map(|element| element.attribute("name")).collect()
    };
    assert_eq!(
        names("testsuite"),
        ["here", "there & back", "rgi-conformance"]
    );
    assert_eq!(
        names("testcase"),
        ["good", "bad <#1>", "none", "all is tried"]
    );
    assert_eq!(named("testcase")[0].attribute("time"), "1.500");
    let failure = named("failure")[0];
    assert_eq!(failure.attribute("message"), "got <\"a\" & 'b'>");
    let told = &failure.text;
    assert!(
        told.contains("\tbehind \\u{1}\\u{1b}[31m \\u{fffe} \\ #1 \u{e4}\r\n"),
        "{told:?}"
    );
    let skipped = named("skipped")[0];
    assert_eq!(skipped.attribute("message"), "no `upgrade` # here");
    assert_eq!(named("error")[0].attribute("message"), "it is <gone>");
    let all = named("testsuites")[0];
    let counts = ["tests", "failures", "errors"].map(|key| all.attribute(key));
    assert_eq!(counts, ["4", "1", "1"]);
}

#[test]
fn tap_has_its_plan_and_a_line_a_test() {
    let mut report = report();
    report.stopped = Some("gone\nfor good".into());
    let tap = text(Format::Tap, &report);
    let lines: Vec<&str> = tap.lines().collect();
    assert_eq!(lines[..2], ["TAP version 14", "1..3"]);
    let tests: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|line| line.starts_with("ok ") || line.starts_with("not ok "))
        .collect();
    assert_eq!(
        tests,
        [
            "ok 1 - good, here",
            "not ok 2 - bad <\\#1>, here",
            "ok 3 - none, there & back # SKIP no `upgrade` \\# here",
        ]
    );
    // What stands between belongs to the test before, and is indented.
    let first = lines.iter().position(|line| *line == "  ---").unwrap();
    let end = lines.iter().position(|line| *line == "  ...").unwrap();
    let message: Vec<String> = lines[first + 2..end]
        .iter()
        .map(|line| serde_json::from_str(line.strip_prefix("    - ").unwrap()).unwrap())
        .collect();
    assert_eq!(message[1], "\tbehind \u{1}\u{1b}[31m \u{fffe} \\ #1 \u{e4}");
    assert_eq!(lines.last(), Some(&"Bail out! gone for good"));
}

#[test]
fn json_holds_all_there_is() {
    let mut report = report();
    report.stopped = Some("gone".into());
    let value: serde_json::Value = serde_json::from_str(&text(Format::Json, &report)).unwrap();
    assert_eq!(value["command"], "run");
    assert_eq!(value["seed"], 7);
    assert_eq!(value["stopped"], "gone");
    let counts = ["passed", "failed", "not_offered"].map(|name| value[name].as_u64());
    assert_eq!(counts, [Some(1); 3]);
    let tests = value["tests"].as_array().unwrap();
    let words: Vec<_> = tests.iter().map(|test| &test["verdict"]).collect();
    assert_eq!(words, ["pass", "fail", "not offered"]);
    assert_eq!(tests[0]["seconds"], 1.5);
    assert!(tests[0].get("message").is_none() && tests[1].get("seconds").is_none());
    let message = tests[1]["message"].as_str().unwrap();
    assert!(message.starts_with("got <\"a\" & 'b'>\n\tbehind \u{1}"));
}

#[test]
fn other_forms_are_refused_by_name() {
    let mut parser = lexopt::Parser::from_args(["--format", "xml"]);
    parser.next().unwrap();
    let error = Format::parse(&mut parser).unwrap_err();
    assert!(error.is_usage());
    assert!(error.to_string().contains("'xml'"), "{error}");
}
