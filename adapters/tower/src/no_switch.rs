//! Switches of protocols, without the feature `upgrade`: there are none.

use http::{HeaderValue, Request};
use rgi_core::{BoxBody, Error, Offer, Started};

use crate::RequestBody;

pub(crate) enum Switch {}

impl Switch {
    pub(crate) fn offer(_: Option<Offer>, _: &mut Request<RequestBody>) -> Option<Switch> {
        None
    }

    pub(crate) fn accept(self, _: Started, _: Option<&HeaderValue>) -> Result<BoxBody, Error> {
        match self {}
    }
}
