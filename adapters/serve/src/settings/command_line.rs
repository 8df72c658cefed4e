//! The command line.

use std::ffi::{OsStr, OsString};

use lexopt::{Arg, Parser};

use super::bad::Bad;
use super::bind::Bind;
use super::kind::{Answer, Kind};
use super::layer::{Layer, Origin};
use super::option::{self, OptionSpec};
use super::table::OPTIONS;
use super::values;

/// What the command line says.
#[derive(Debug)]
pub(super) struct CommandLine {
    pub(super) layer: Layer,
    pub(super) config: Option<OsString>,
    pub(super) answer: Option<Answer>,
}

/// Reads the arguments after the program's name. Help and version are answered where they stand:
/// nothing after them is looked at.
pub(super) fn read(args: impl IntoIterator<Item = OsString>) -> Result<CommandLine, Bad> {
    let mut parser = Parser::from_args(args);
    let mut line = CommandLine {
        layer: Layer::new(Origin::CommandLine),
        config: None,
        answer: None,
    };
    while let Some(spec) = next_option(&mut parser)? {
        match spec.kind {
            Kind::Answer(answer) => {
                line.answer = Some(answer);
                if answer != Answer::PrintConfig {
                    break;
                }
            }
            Kind::ConfigFile => line.config = Some(value(&mut parser, spec)?),
            Kind::Switch(_) | Kind::Proxies(_) if stands_alone(&mut parser) => {
                line.layer.add(spec, values::switch_text(true).to_owned());
            }
            _ => {
                let value = value(&mut parser, spec)?
                    .into_string()
                    .map_err(|value| Bad::new(format!("{value:?} is not UTF-8")).at(spec.flag()))?;
                line.layer.add(spec, value);
            }
        }
    }
    Ok(line)
}

/// The next option; None at the end.
fn next_option(parser: &mut Parser) -> Result<Option<&'static OptionSpec>, Bad> {
    // lexopt takes a bare -- in silence.
    let bare = |raw: lexopt::RawArgs<'_>| raw.peek().is_some_and(|arg| arg == "--");
    if parser.try_raw_args().is_some_and(bare) {
        return Err(Bad::new(
            "\"--\" has no use here, every argument is an option; a program with arguments of \
             its own takes them out first",
        ));
    }
    let spec = match parser.next() {
        Ok(None) => return Ok(None),
        Ok(Some(Arg::Long(name))) => option::find(name).ok_or_else(|| unknown(name))?,
        Ok(Some(Arg::Short(letter))) => by_letter(letter)?,
        Ok(Some(Arg::Value(value))) => return Err(positional(&value)),
        Err(lexopt::Error::UnexpectedValue { option, value }) => {
            let bad = format!("{value:?} is too much: the option takes no value");
            return Err(Bad::new(bad).at(option));
        }
        Err(error) => return Err(Bad::new(error.to_string())),
    };
    Ok(Some(spec))
}

/// Whether the option just read ends the line, or another follows it.
fn stands_alone(parser: &mut Parser) -> bool {
    // No raw arguments: a value stands behind `=`.
    parser.try_raw_args().is_some_and(|raw| {
        raw.peek()
            .is_none_or(|next| next.as_encoded_bytes().starts_with(b"-"))
    })
}

fn value(parser: &mut Parser, spec: &OptionSpec) -> Result<OsString, Bad> {
    let missing = || Bad::new(format!("the value is missing: a {}", spec.kind.expected()));
    parser.value().map_err(|_| missing().at(spec.flag()))
}

fn unknown(name: &str) -> Bad {
    let end = match option::nearest(name) {
        Some(spec) => format!("did you mean {}?", spec.flag()),
        None => "--help lists them".to_owned(),
    };
    Bad::new(format!("no such option; {end}")).at(format!("--{name}"))
}

fn by_letter(letter: char) -> Result<&'static OptionSpec, Bad> {
    if let Some(spec) = OPTIONS.iter().find(|spec| spec.short == Some(letter)) {
        return Ok(spec);
    }
    let end = match OPTIONS.iter().find(|spec| spec.name.starts_with(letter)) {
        Some(spec) => format!("did you mean {}?", spec.flag()),
        None => "--help lists them".to_owned(),
    };
    Err(Bad::new(format!("no such option; {end}")).at(format!("-{letter}")))
}

fn positional(value: &OsStr) -> Bad {
    let end = match value.to_str().map(str::parse::<Bind>) {
        Some(Ok(bind)) => format!("to listen there say --bind {bind}"),
        _ => "every argument is one, and --help lists them".to_owned(),
    };
    Bad::new(format!("{value:?} is no option: {end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(args: &[&str]) -> String {
        read(args.iter().map(OsString::from))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn unknown_options_are_named_and_the_nearest_suggested() {
        assert_eq!(
            refused(&["--thraeds", "4"]),
            "--thraeds: no such option; did you mean --threads?"
        );
        assert_eq!(
            refused(&["--header_timeout=1"]),
            "--header_timeout: no such option; did you mean --header-timeout?"
        );
        assert_eq!(
            refused(&["--blocking=1"]),
            "--blocking: no such option; did you mean --blocking-threads?"
        );
        assert_eq!(
            refused(&["--frobnicate"]),
            "--frobnicate: no such option; --help lists them"
        );
        assert_eq!(
            refused(&["-b", "0.0.0.0:80"]),
            "-b: no such option; did you mean --bind?"
        );
        assert_eq!(refused(&["-x"]), "-x: no such option; --help lists them");
        assert_eq!(
            refused(&["--a\nb"]),
            "--a\\nb: no such option; --help lists them"
        );
    }

    #[test]
    fn what_is_no_option_is_refused() {
        assert_eq!(
            refused(&["start"]),
            "\"start\" is no option: every argument is one, and --help lists them"
        );
        assert_eq!(
            refused(&["0.0.0.0:80"]),
            "\"0.0.0.0:80\" is no option: to listen there say --bind 0.0.0.0:80"
        );
        assert_eq!(
            refused(&["-"]),
            "\"-\" is no option: every argument is one, and --help lists them"
        );
        for args in [&["--"][..], &["--threads", "4", "--", "x"]] {
            assert!(
                refused(args).starts_with("\"--\" has no use here, every argument is an option;")
            );
        }
    }

    #[test]
    fn values_are_asked_for_and_no_more_than_that() {
        assert_eq!(
            refused(&["--threads"]),
            "--threads: the value is missing: a whole number: from 1 to 4096"
        );
        assert_eq!(
            refused(&["--print-config=yes"]),
            "--print-config: \"yes\" is too much: the option takes no value"
        );
    }

    #[cfg(feature = "lint")]
    #[test]
    fn a_switch_alone_is_on() {
        use crate::settings::{Gathered, Overrides, ServerKind, Settings};
        let lint = |args: &[&str]| {
            let args = ["program"].iter().chain(args).map(OsString::from);
            match Settings::gather(&Overrides::default(), ServerKind::COMPILED, args, [], &[]) {
                Ok(Gathered::Run(settings, _)) => (settings.lint, settings.threads),
                other => panic!("no run: {other:?}"),
            }
        };
        let cores = Settings::default().threads;
        assert_eq!(lint(&["--lint=off", "--lint"]), (true, cores));
        assert_eq!(lint(&["--lint=off", "--lint", "--threads=7"]), (true, 7));
        assert_eq!(lint(&["--lint", "off", "--threads", "7"]), (false, 7));
        assert_eq!(lint(&["--lint=off"]), (false, cores));
        assert_eq!(lint(&["--lint", "on"]), (true, cores));
        for args in [&["--lint="][..], &["--lint=maybe"], &["--lint", "8000"]] {
            let args = ["program"].iter().chain(args).map(OsString::from);
            let none = Settings::gather(&Overrides::default(), ServerKind::COMPILED, args, [], &[]);
            let bad = none.unwrap_err().to_string();
            assert!(
                bad.starts_with("--lint: ") && bad.contains("switch: on or off"),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_proxy_protocol_alone_is_on() {
        use crate::settings::{Gathered, Overrides, ServerKind, Settings};
        let setting = |args: &[&str]| {
            let args = ["program"].iter().chain(args).map(OsString::from);
            match Settings::gather(&Overrides::default(), ServerKind::COMPILED, args, [], &[]) {
                Ok(Gathered::Run(settings, _)) => Ok(settings.proxy_protocol.to_string()),
                Ok(other) => panic!("no run: {other:?}"),
                Err(bad) => Err(bad.to_string()),
            }
        };
        let ok = |text: &str| Ok(text.to_owned());
        assert_eq!(setting(&[]), ok("off"));
        assert_eq!(setting(&["--proxy-protocol"]), ok("on"));
        assert_eq!(setting(&["--proxy-protocol", "--backlog=5"]), ok("on"));
        let networks = ["--proxy-protocol", "10.0.0.0/8, ::1"];
        assert_eq!(setting(&networks), ok("10.0.0.0/8,::1"));
        assert_eq!(
            setting(&["--proxy-protocol=v2"]).unwrap_err(),
            "--proxy-protocol: \"v2\" is no setting of the PROXY protocol: on, off, or networks of \
             proxies, by commas (10.0.0.0/8,::1): \"v2\" is neither an address nor a network such as \
             10.0.0.0/8"
        );
    }

    #[cfg(unix)]
    #[test]
    fn values_are_text_but_for_the_name_of_the_file() {
        use std::os::unix::ffi::OsStringExt;
        let odd = OsString::from_vec(b"\xff".to_vec());
        let bad = read(["--bind".into(), odd.clone()]).unwrap_err();
        assert_eq!(bad.to_string(), "--bind: \"\\xFF\" is not UTF-8");
        assert_eq!(
            read(["--config".into(), odd.clone()]).unwrap().config,
            Some(odd)
        );
    }

    #[test]
    fn answers_stand_where_they_stand() {
        let answer = |args: &[&str]| read(args.iter().map(OsString::from)).unwrap().answer;
        assert_eq!(answer(&["-h", "--frobnicate"]), Some(Answer::Help));
        assert_eq!(
            answer(&["--threads", "4", "--version"]),
            Some(Answer::Version)
        );
        assert_eq!(answer(&["-V"]), Some(Answer::Version));
        assert_eq!(
            answer(&["--print-config", "--threads=4"]),
            Some(Answer::PrintConfig)
        );
        assert_eq!(answer(&["--print-config", "--help"]), Some(Answer::Help));
        assert_eq!(answer(&[]), None);
    }
}
