//! Methods of every body.

use bytes::Bytes;

use super::{Body, BoxBody, CatchPanics, LocalBoxBody, MapDataBody, MapStartBody, Recover};
use crate::middleware::EditHead;
use crate::{Error, Fallback};

/// What can be done with a body. Names that `StreamExt` has are avoided.
pub trait BodyExt: Body + Sized {
    /// Changes the head as it passes.
    fn map_start<F: EditHead>(self, edit: F) -> MapStartBody<Self, F> {
        MapStartBody::new(self, edit)
    }

    /// Changes each block as it passes. The length is unknown then; files are read.
    fn map_data<F: FnMut(Bytes) -> Result<Bytes, Error>>(self, f: F) -> MapDataBody<Self, F> {
        MapDataBody::new(self, f)
    }

    /// Answers with another body if this one fails before its head is committed.
    fn recover<F, C>(self, fallback: Fallback, f: F) -> Recover<Self, F, C>
    where
        F: FnOnce(Fallback, Error) -> C,
        C: Body,
    {
        Recover::new(self, fallback, f)
    }

    /// Makes an error of a panic inside. Servers do so anyway; this is for whoever wants to
    /// [`recover`](Self::recover) from it.
    fn catch_panics(self) -> CatchPanics<Self> {
        CatchPanics::new(self)
    }

    /// Erases the type: how one function returns two types of body.
    fn erased(self) -> BoxBody
    where
        Self: Send + 'static,
    {
        BoxBody::new(self)
    }

    /// Erases the type of a body that stays on its thread.
    fn erased_local(self) -> LocalBoxBody
    where
        Self: 'static,
    {
        LocalBoxBody::new(self)
    }
}

impl<B: Body> BodyExt for B {}
