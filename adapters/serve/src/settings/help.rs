//! `--help`: what the program takes, for somebody who meets it for the first time.

use super::option::{Group, OptionSpec};
use super::server::{self, ServerKind};
use super::table::OPTIONS;

/// Columns of a line, at most.
const WIDTH: usize = 100;
/// Where the text beside an option begins: after the longest option, and its letter before it.
const TEXT: usize = 31;

const VALUES: &str = "TIME: seconds, whole or decimal, or a number with ms, s, m or h (10, 2.5, \
    500ms, 5m). SIZE: bytes, or a whole number with k, m or g, each 1024 times the one before \
    (4096, 64k, 1g). 0 switches a timeout off, and lifts --max-connections and \
    --max-body; no other limit can be off.";

const SOURCES: &str = "Every setting can also stand in an environment variable, RGI_ and its name \
    in capitals with _\u{a0}for\u{a0}- (RGI_MAX_BODY=10m; several addresses in RGI_BIND are separated by \
    commas), and in the file of --config or RGI_CONFIG, under its name (max-body = \"10m\", bind = \
    [\"127.0.0.1:8000\", \"unix:app.sock\"]). The strongest source holds: the command line, then \
    the environment, then the file, then what the program itself sets, then the default. Of an \
    option given twice the last holds, but --bind adds up; a stronger source replaces all \
    addresses of a weaker one. What the chosen server cannot honour is refused.";

/// `servers` are those to choose from, the default first.
pub(super) fn text(program: &str, servers: &[ServerKind]) -> String {
    let mut text = format!("Usage: {program} [OPTION]...\n\nServes its application over HTTP.\n");
    heading(&mut text, "Servers");
    for (index, server) in servers.iter().enumerate() {
        let default = if index == 0 { " The default." } else { "" };
        entry(
            &mut text,
            &format!("  {server}"),
            &format!("{}{default}", server.summary()),
        );
    }
    for group in Group::ALL {
        heading(&mut text, group.title());
        for spec in OPTIONS.iter().filter(|spec| spec.group == group) {
            let honouring = spec.honoured_by(servers);
            if !honouring.is_empty() {
                entry(
                    &mut text,
                    &label(spec),
                    &description(spec, &honouring, servers),
                );
            }
        }
    }
    heading(&mut text, "Values");
    wrap(&mut text, 2, VALUES);
    heading(&mut text, "Sources");
    wrap(&mut text, 2, SOURCES);
    heading(&mut text, "Examples");
    for (comment, command) in examples(program) {
        text.push_str(&format!("  # {comment}\n  {command}\n"));
    }
    text
}

fn examples(program: &str) -> [(&'static str, String); 4] {
    [
        (
            "On every IPv4 address of this machine, port 80",
            format!("{program} --bind 0.0.0.0:80"),
        ),
        (
            "On a port and on a Unix socket, mounted under /shop by the proxy before it",
            format!(
                "{program} --bind 127.0.0.1:8000 --bind unix:/run/shop.sock --script-name /shop"
            ),
        ),
        (
            "Four threads, small requests only, and no connection kept for long",
            format!("{program} --threads 4 --max-body 1m --keep-alive 5s"),
        ),
        (
            "Write the settings to a file, and start with it, logging more",
            format!(
                "{program} --print-config > rgi.toml && RGI_LOG_LEVEL=debug {program} --config rgi.toml"
            ),
        ),
    ]
}

fn label(spec: &OptionSpec) -> String {
    let short = spec
        .short
        .map_or_else(|| "    ".to_owned(), |letter| format!("-{letter}, "));
    format!("  {short}{} {}", spec.flag(), spec.placeholder)
}

fn description(spec: &OptionSpec, honouring: &[ServerKind], servers: &[ServerKind]) -> String {
    let mut text = spec.help.to_owned();
    if let Some(on_server) = spec.on_server {
        let each = honouring
            .iter()
            .map(|server| format!("{server}: {}", on_server(*server)));
        text.push_str(&format!(" {}.", each.collect::<Vec<_>>().join("; ")));
    }
    if honouring != servers {
        text.push_str(&format!(" Only: {}.", server::list(honouring)));
    }
    if let Some(default) = spec.default.shown(servers) {
        text.push(' ');
        text.push_str(&format!("[default: {default}]").replace(' ', "\u{a0}"));
    }
    text
}

fn heading(text: &mut String, title: &str) {
    text.push_str(&format!("\n{title}:\n"));
}

/// A label and its description beside it; below it if the label is too long.
fn entry(text: &mut String, label: &str, description: &str) {
    let label = label.trim_end();
    let mut beside = String::new();
    wrap(&mut beside, TEXT, description);
    if label.len() + 2 > TEXT {
        text.push_str(&format!("{label}\n{beside}"));
    } else {
        text.push_str(&format!("{label:TEXT$}{}", &beside[TEXT..]));
    }
}

/// Appends `words` in lines of at most [`WIDTH`] columns, each indented. A no-break space becomes
/// a space, but never a line end.
fn wrap(text: &mut String, indent: usize, words: &str) {
    let mut column = 0;
    for word in words.split_ascii_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length <= WIDTH {
            text.push(' ');
            column += 1 + length;
            text.push_str(&word.replace('\u{a0}', " "));
            continue;
        }
        if column > 0 {
            text.push('\n');
        }
        text.push_str(&" ".repeat(indent));
        text.push_str(&word.replace('\u{a0}', " "));
        column = indent + length;
    }
    text.push('\n');
}
