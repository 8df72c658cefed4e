//! The request line, once its bytes are known to have the right shape.

use http::{Method, StatusCode, Version};
use rgi_core::server::syntax::Target;

use crate::refusal::Refusal;

/// What a request line says.
pub(crate) struct RequestLine {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) version: Version,
}

impl RequestLine {
    /// `minor` is the digit behind `HTTP/1.`
    #[inline]
    pub(crate) fn parse(method: &[u8], target: &[u8], minor: u8) -> Result<Self, Refusal> {
        let version = match minor {
            0 => Version::HTTP_10,
            _ => Version::HTTP_11,
        };
        let target = Target::parse(method, target).map_err(Refusal::bad)?;
        let method = Method::from_bytes(method).map_err(|_| {
            Refusal::new(
                StatusCode::NOT_IMPLEMENTED,
                "the method has a byte that is not supported",
            )
        })?;
        Ok(Self {
            method,
            target,
            version,
        })
    }

    /// The digit behind `HTTP/1.`, of a version that has the shape
    /// `HTTP/d.d`.
    pub(crate) fn minor(version: &[u8]) -> Result<u8, Refusal> {
        match version {
            b"HTTP/1.1" => Ok(1),
            b"HTTP/1.0" => Ok(0),
            _ => Err(Refusal::new(
                StatusCode::HTTP_VERSION_NOT_SUPPORTED,
                "the version is neither HTTP/1.1 nor HTTP/1.0",
            )),
        }
    }
}
