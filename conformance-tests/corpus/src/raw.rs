//! The bytes of a case as they are written: text in which each character up to U+00FF is the byte
//! of its number, whole or in pieces, of which one may be repeated.

use serde::Deserialize;

/// The bytes of a case.
pub(crate) struct Raw(Vec<u8>);

impl Raw {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        let pieces = match Written::deserialize(deserializer)? {
            Written::Whole(text) => vec![Piece::Once(text)],
            Written::Pieces(pieces) => pieces,
        };
        let mut bytes = Vec::new();
        for piece in pieces {
            let (text, times) = match piece {
                Piece::Once(text) => (text, 1),
                Piece::Repeated(Repeated { repeat, times }) => (repeat, times),
            };
            let piece = latin_1(&text).map_err(serde::de::Error::custom)?;
            bytes.extend(piece.repeat(times));
        }
        Ok(Raw(bytes))
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Whole(String),
    Pieces(Vec<Piece>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Piece {
    Once(String),
    Repeated(Repeated),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Repeated {
    repeat: String,
    times: usize,
}

fn latin_1(text: &str) -> Result<Vec<u8>, String> {
    let byte = |letter: char| {
        u8::try_from(letter).map_err(|_| format!("'{letter}' is no byte: write it as its bytes"))
    };
    text.chars().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Line {
        raw: Raw,
    }

    fn read(text: &str) -> Result<Vec<u8>, String> {
        let line: Result<Line, _> = toml::from_str(text);
        line.map(|line| line.raw.into_bytes())
            .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn characters_are_bytes() {
        let bytes = read(r#"raw = "a\r\n\u0000\u00ff\t\u007f""#).unwrap();
        assert_eq!(bytes, b"a\r\n\x00\xff\t\x7f");
    }

    #[test]
    fn pieces_follow_each_other() {
        let bytes = read(r#"raw = ["a", { repeat = "bc", times = 3 }, "d"]"#).unwrap();
        assert_eq!(bytes, b"abcbcbcd");
    }

    #[test]
    fn what_is_no_byte_is_refused() {
        assert!(read(r#"raw = "\u0100""#).is_err_and(|wrong| wrong.contains("is no byte")));
        assert!(read(r#"raw = [{ repeat = "a" }]"#).is_err());
        assert!(read(r#"raw = [{ repeat = "a", times = 2, more = 1 }]"#).is_err());
    }
}
