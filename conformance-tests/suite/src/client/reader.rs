//! Answers as they are read off a connection, and written down.

use std::fmt::Write as _;

use super::Connection;
use super::answer::{Head, quoted, write_body};
use super::body::{Left, Piece};
use super::input::{Done, Input};

/// What was read, and where in an answer that stands.
#[derive(Debug, Default)]
pub(super) struct Reader {
    input: Input,
    /// The last head, and what is left of its body.
    open: Option<(Head, Left)>,
    /// Fields that are written down although they are left out otherwise.
    shown: Vec<&'static str>,
}

impl Reader {
    /// One that shows the same fields, and has read nothing.
    pub(super) fn another(&self) -> Reader {
        Reader {
            shown: self.shown.clone(),
            ..Reader::default()
        }
    }

    pub(super) fn show(&mut self, field: &'static str) {
        self.shown.push(field);
    }

    pub(super) fn lacks(&self, text: &str) -> Done {
        self.input.lacks(text)
    }

    /// The connection is gone: what comes next is of another.
    pub(super) fn close(&mut self) {
        self.input.clear();
        self.open = None;
    }

    /// A whole answer; whether the connection lives on.
    pub(super) fn answer(
        &mut self,
        connection: &dyn Connection,
        bodiless: bool,
        seen: &mut String,
    ) -> Done<bool> {
        loop {
            self.head(connection, bodiless, seen)?;
            match &self.open {
                Some((head, _)) if head.is_interim() => {}
                _ => break,
            }
        }
        let closes = self.open.as_ref().is_some_and(|(head, _)| head.closes());
        let cut = self.rest(connection, seen)?;
        Ok(!closes && !cut)
    }

    /// One head, interim or final.
    pub(super) fn head(
        &mut self,
        connection: &dyn Connection,
        bodiless: bool,
        seen: &mut String,
    ) -> Done {
        let head = Head::parse(&self.input.head(connection)?, bodiless)?;
        head.write(&self.shown, seen);
        let left = Left::behind(&head);
        self.open = Some((head, left));
        Ok(())
    }

    /// So many bytes of the body.
    pub(super) fn block(
        &mut self,
        connection: &dyn Connection,
        len: usize,
        seen: &mut String,
    ) -> Done {
        let mut block = Vec::new();
        while block.len() < len {
            match self.piece(connection, len - block.len())? {
                Piece::Bytes(bytes) => block.extend(bytes),
                Piece::End => return Err(format!("the body ends behind {}", quoted(&block))),
                Piece::Cut => return Err(format!("the body is cut behind {}", quoted(&block))),
            }
        }
        write_body(&block, seen);
        Ok(())
    }

    /// The rest of the body and its trailers; whether it was cut.
    pub(super) fn rest(&mut self, connection: &dyn Connection, seen: &mut String) -> Done<bool> {
        let (body, cut) = self.body(connection)?;
        let Some((head, left)) = self.open.take() else {
            return Ok(false);
        };
        head.write_body(&body, seen);
        if cut {
            let _ = writeln!(seen, "cut");
            return Ok(true);
        }
        if left == Left::Trailers {
            loop {
                let line = self.input.line(connection)?;
                if line.is_empty() {
                    break;
                }
                let _ = writeln!(seen, "trailer {}", line.to_ascii_lowercase());
            }
        }
        Ok(false)
    }

    /// What the site answers to what is asked beside the case.
    pub(super) fn page(&mut self, connection: &dyn Connection) -> Done<String> {
        self.head(connection, false, &mut String::new())?;
        let (body, cut) = self.body(connection)?;
        if cut {
            return Err("the answer of the site was cut".to_owned());
        }
        let head = self.open.as_ref().map(|(head, _)| head);
        match String::from_utf8(body) {
            Ok(text) if head.is_some_and(Head::is_by_site) => Ok(text),
            _ => Err("what answers is not the site of the suite".to_owned()),
        }
    }

    /// So many bytes behind a switch of protocols.
    pub(super) fn switched(
        &mut self,
        connection: &dyn Connection,
        len: usize,
        seen: &mut String,
    ) -> Done {
        let what = "more of the other protocol";
        write_body(&self.input.exactly(len, connection, what)?, seen);
        Ok(())
    }

    /// The end of the connection, and what comes before it.
    pub(super) fn end(&mut self, connection: &dyn Connection, seen: &mut String) -> Done {
        let (bytes, end) = self.input.until_end(connection)?;
        write_body(&bytes, seen);
        let _ = writeln!(seen, "{end}");
        Ok(())
    }

    /// The body up to its end, without trailers; whether it was cut.
    fn body(&mut self, connection: &dyn Connection) -> Done<(Vec<u8>, bool)> {
        let mut body = Vec::new();
        loop {
            match self.piece(connection, usize::MAX)? {
                Piece::Bytes(bytes) => body.extend(bytes),
                Piece::End => return Ok((body, false)),
                Piece::Cut => return Ok((body, true)),
            }
        }
    }

    fn piece(&mut self, connection: &dyn Connection, most: usize) -> Done<Piece> {
        match &mut self.open {
            Some((_, left)) => left.piece(&mut self.input, connection, most),
            None => Err("a body was asked for before its head".to_owned()),
        }
    }
}
