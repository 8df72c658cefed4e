//! Who a client is.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;

use rgi_core::Environ;

/// Says who a client is: [`ByPeer`], or a function.
pub trait Key: sealed::Of {}

impl<K: sealed::Of> Key for K {}

/// By the peer's address.
#[derive(Clone, Copy, Debug)]
pub struct ByPeer(pub(super) ());

/// By a function of the request.
#[derive(Clone, Copy, Debug)]
pub struct ByFn<F>(pub(super) F);

pub(super) mod sealed {
    use super::{Environ, RandomState};

    pub trait Of {
        /// The client's name: a hash by a secret, so that nobody finds two keys of one on purpose.
        fn of(&self, environ: &Environ, names: &RandomState) -> Option<u64>;
    }
}

impl sealed::Of for ByPeer {
    fn of(&self, environ: &Environ, names: &RandomState) -> Option<u64> {
        let peer = environ.remote().tcp()?.ip().to_canonical();
        Some(match peer {
            IpAddr::V4(address) => names.hash_one(address.octets()),
            IpAddr::V6(address) => names.hash_one(&address.octets()[..8]),
        })
    }
}

impl<F, T> sealed::Of for ByFn<F>
where
    F: Fn(&Environ) -> Option<T>,
    T: Hash,
{
    fn of(&self, environ: &Environ, names: &RandomState) -> Option<u64> {
        (self.0)(environ).map(|key| names.hash_one(key))
    }
}
