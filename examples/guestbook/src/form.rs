//! What a visitor fills in.

use crate::csrf::TOKEN;

/// Characters that a name has at most.
pub(crate) const LONGEST_NAME: usize = 60;

/// Characters that a message has at most.
pub(crate) const LONGEST_MESSAGE: usize = 1000;

/// The name of the form's number.
pub(crate) const NUMBER: &str = "number";

/// The fields of the form.
#[derive(Debug, Default)]
pub(crate) struct Form {
    pub(crate) name: String,
    pub(crate) message: String,
    pub(crate) token: String,
    /// Each form that is shown has another, and is good for one entry: who clicks twice signs once.
    pub(crate) number: Option<u128>,
}

/// What is wrong about a form, field by field.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) name: Option<String>,
    pub(crate) message: Option<String>,
}

impl Form {
    /// Reads `application/x-www-form-urlencoded` (URL standard, 5.1). Of two fields of a name the last
    /// counts; unknown ones are left out.
    pub(crate) fn parse(body: &[u8]) -> Form {
        let mut form = Form::default();
        for (name, value) in form_urlencoded::parse(body) {
            match &*name {
                "name" => form.name = tidy(&value, false),
                "message" => form.message = tidy(&value, true),
                TOKEN => form.token = value.into_owned(),
                NUMBER => form.number = u128::from_str_radix(&value, 16).ok(),
                _ => {}
            }
        }
        form
    }

    /// What keeps it from being taken.
    pub(crate) fn faults(&self) -> Faults {
        Faults {
            name: fault(&self.name, "a name", LONGEST_NAME),
            message: fault(&self.message, "a message", LONGEST_MESSAGE),
        }
    }
}

impl Faults {
    pub(crate) fn is_empty(&self) -> bool {
        self.name.is_none() && self.message.is_none()
    }
}

/// Without spaces around it, and without control characters but, where there may be lines, their ends:
/// browsers send those as CRLF.
fn tidy(value: &str, lines: bool) -> String {
    let keep = |c: char| match c {
        '\n' if lines => '\n',
        c if c.is_control() => ' ',
        c => c,
    };
    let value: String = value.replace("\r\n", "\n").chars().map(keep).collect();
    value.trim().to_owned()
}

fn fault(value: &str, what: &str, longest: usize) -> Option<String> {
    match value.chars().count() {
        0 => Some(format!("Please write {what}.")),
        count if count > longest => Some(format!(
            "This is {} too many: {what} has at most {longest} characters.",
            count - longest
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded_and_tidied() {
        let form = Form::parse(b"token=a%26b&name=+J%C3%BCrgen%07+&message=1%2B1%0D%0A%3D2&x=y&z");
        assert_eq!(form.name, "J\u{fc}rgen");
        assert_eq!(form.message, "1+1\n=2");
        assert_eq!(form.token, "a&b");
        assert!(form.faults().is_empty());
        assert_eq!(form.number, None);
        // Names are encoded as values are, and a character may be so in part.
        let form = Form::parse(b"n%61me=J\xC3%BCrgen&num%62er=0f&message=%FF");
        assert_eq!((&*form.name, form.number), ("J\u{fc}rgen", Some(15)));
        assert_eq!(form.message, "\u{fffd}");
    }

    #[test]
    fn lengths_are_those_of_characters() {
        let name = "\u{e9}".repeat(LONGEST_NAME);
        let message = "m".repeat(LONGEST_MESSAGE + 2);
        let form = Form::parse(format!("name={name}&message={message}").as_bytes());
        let faults = form.faults();
        assert_eq!(faults.name, None);
        assert!(faults.message.unwrap().starts_with("This is 2 too many"));
        let empty = Form::parse(b"name=%20&message=").faults();
        assert_eq!(empty.name.as_deref(), Some("Please write a name."));
        assert_eq!(empty.message.as_deref(), Some("Please write a message."));
    }
}
