//! The length that a head promised.

use crate::Error;

/// What is left of the length that a head promised, for those who take that off the head, because
/// outside the body is of another length.
///
/// The server held the body to its length; behind them it cannot. A body that ended early would pass for
/// a whole one, and one that has given all would be asked for more (RGI 152): so they see to it.
///
/// ```
/// use rgi_core::Promised;
///
/// let mut promised = Promised::new(Some(5));
/// promised.take(3)?;
/// assert!(promised.finish().is_err() && !promised.is_kept());
/// promised.take(2)?;
/// assert!(promised.is_kept() && promised.take(1).is_err());
/// # Ok::<(), rgi_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Promised(Option<u64>);

impl Promised {
    /// Of a [length](crate::Head::length), if one was promised.
    pub fn new(length: Option<u64>) -> Promised {
        Promised(length)
    }

    /// Takes the bytes of a block off it.
    ///
    /// # Errors
    ///
    /// Misuse, if they are more than are left.
    pub fn take(&mut self, bytes: u64) -> Result<(), Error> {
        if let Some(left) = &mut self.0 {
            let less = left.checked_sub(bytes);
            *left = less.ok_or_else(|| Error::misuse("more bytes than the length promised"))?;
        }
        Ok(())
    }

    /// Says that nothing more comes.
    ///
    /// # Errors
    ///
    /// Misuse, if bytes are left.
    pub fn finish(&self) -> Result<(), Error> {
        match self.0 {
            None | Some(0) => Ok(()),
            Some(_) => Err(Error::misuse("fewer bytes than the length promised")),
        }
    }

    /// Whether all that was promised has come: the body is asked no more.
    pub fn is_kept(&self) -> bool {
        self.0 == Some(0)
    }

    /// The bytes that are left; `None` if nothing was promised.
    pub fn left(&self) -> Option<u64> {
        self.0
    }
}
