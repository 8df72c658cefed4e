//! Errors on their way through the interfaces of others.

use std::error::Error as StdError;
use std::{fmt, io};

use rgi_core::{Error, StatusCode};

type Boxed = Box<dyn StdError + Send + Sync>;

/// An error of some library, with a cause.
#[derive(Debug)]
struct Foreign(Boxed);

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "foreign: {}", self.0)
    }
}

impl StdError for Foreign {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

fn teapot() -> Error {
    Error::malformed("short and stout").with_status(StatusCode::IM_A_TEAPOT)
}

#[test]
fn kinds_have_their_status() {
    for (error, status) in [
        (Error::new("x"), 500),
        (Error::malformed("x"), 400),
        (Error::too_large("x"), 413),
        (Error::timeout("x"), 503),
        (Error::overloaded("x"), 503),
        (Error::misuse("x"), 500),
        (Error::panic(Box::new("x")), 500),
        (Error::disconnected(), 500),
        (teapot(), 418),
    ] {
        assert_eq!(error.status().as_u16(), status, "{error}");
    }
}

#[test]
fn predicates_tell_kinds_apart() {
    let told = |error: Error| {
        [
            error.is_malformed(),
            error.is_too_large(),
            error.is_timeout(),
            error.is_overloaded(),
            error.is_misuse(),
            error.is_panic(),
            error.is_disconnected(),
        ]
        .iter()
        .position(|is| *is)
    };
    assert_eq!(told(Error::malformed("x")), Some(0));
    assert_eq!(told(Error::too_large("x")), Some(1));
    assert_eq!(told(Error::timeout("x")), Some(2));
    assert_eq!(told(Error::overloaded("x")), Some(3));
    assert_eq!(told(Error::misuse("x")), Some(4));
    assert_eq!(told(Error::panic(Box::new("x"))), Some(5));
    assert_eq!(told(Error::disconnected()), Some(6));
    assert_eq!(told(Error::new("x")), None);
}

#[test]
fn any_standard_error_becomes_one_by_a_question_mark() {
    fn parse(text: &str) -> Result<u8, Error> {
        Ok(text.parse()?)
    }
    assert_eq!(parse("7").unwrap(), 7);
    let error = parse("x").unwrap_err();
    assert_eq!(error.to_string(), "invalid digit found in string");
    assert!(error.source().unwrap().is::<std::num::ParseIntError>());
    let boxed: Boxed = "plain".into();
    assert_eq!(Error::new(boxed).to_string(), "plain");
}

#[test]
fn kind_and_status_survive_every_wrapping() {
    let wrappings: [fn(Error) -> Error; 8] = [
        |error| Error::new(Boxed::from(error)),
        |error| Error::from(io::Error::from(error)),
        |error| Error::from(io::Error::other(Boxed::from(error))),
        |error| Error::from(io::Error::other(io::Error::from(error))),
        |error| Error::from(io::Error::other(io::Error::other(io::Error::from(error)))),
        |error| Error::from(Foreign(error.into())),
        |error| Error::from(Foreign(io::Error::from(error).into())),
        |error| Error::from(io::Error::other(Foreign(Foreign(error.into()).into()))),
    ];
    for (n, wrap) in wrappings.iter().enumerate() {
        let error = wrap(teapot());
        assert!(error.is_malformed(), "{n}");
        assert_eq!(error.status(), StatusCode::IM_A_TEAPOT, "{n}");
        assert!(wrap(Error::disconnected()).is_disconnected(), "{n}");
        // Twice is as good as once.
        assert_eq!(
            wrap(wrap(teapot())).status(),
            StatusCode::IM_A_TEAPOT,
            "{n}"
        );
    }
}

#[test]
fn there_and_back_is_the_same_error() {
    let text = teapot().to_string();
    assert_eq!(Error::new(Boxed::from(teapot())).to_string(), text);
    assert_eq!(Error::from(io::Error::from(teapot())).to_string(), text);
    let wrapped = Error::from(Foreign(teapot().into()));
    assert_eq!(
        wrapped.to_string(),
        format!("malformed request: foreign: {text}")
    );
}

#[test]
fn io_kinds_say_what_io_code_understands() {
    let kind = |error: Error| io::Error::from(error).kind();
    assert_eq!(kind(Error::disconnected()), io::ErrorKind::ConnectionReset);
    assert_eq!(kind(Error::malformed("x")), io::ErrorKind::InvalidData);
    assert_eq!(kind(Error::timeout("x")), io::ErrorKind::TimedOut);
    assert_eq!(kind(Error::new("x")), io::ErrorKind::Other);
}

#[test]
fn an_applications_own_reset_is_not_the_peers() {
    let error = Error::from(io::Error::from(io::ErrorKind::ConnectionReset));
    assert!(
        !error.is_disconnected(),
        "it may be its database that has gone"
    );
    assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[test]
fn causes_can_be_walked() {
    let boxed = Boxed::from(Error::new(Foreign("inner".into())));
    let foreign = boxed.source().unwrap();
    assert!(foreign.is::<Foreign>());
    assert_eq!(foreign.source().unwrap().to_string(), "inner");
    assert!(Error::disconnected().source().is_none());
}

#[test]
fn panics_tell_their_text() {
    let text = |payload: Box<dyn std::any::Any + Send>| Error::panic(payload).to_string();
    assert_eq!(text(Box::new("a")), "panicked: a");
    assert_eq!(text(Box::new("b".to_owned())), "panicked: b");
    assert_eq!(text(Box::new(5)), "panicked: a payload that is no text");
}

#[test]
fn both_faces_say_what_it_is() {
    assert_eq!(Error::disconnected().to_string(), "the peer has left");
    let debug = format!("{:?}", teapot());
    assert!(
        debug.contains("Malformed") && debug.contains("418"),
        "{debug}"
    );
    assert!(debug.contains("short and stout"), "{debug}");
}
