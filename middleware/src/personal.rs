//! What a response has of the client that asks, beside what its head says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use rgi_core::Environ;

/// Whether the application looked at who asks, by what middleware gave it for that: its session, its cookies.
///
/// There is one for a request, in the environ's extensions, which all middleware around the application shares.
/// So what keeps responses knows it in any order: that the head says it, by `vary` or `set-cookie`, may
/// happen behind its back; and of what is looked at when the head is on its way no head says anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Personal(Arc<AtomicU8>);

const LOOKED: u8 = 1;
const CHANGED: u8 = 2;

impl Personal {
    /// That of a request.
    pub(crate) fn of(environ: &mut Environ) -> Personal {
        environ
            .extensions_mut()
            .get_or_insert_default::<Personal>()
            .clone()
    }

    /// Says that the application looked at something that the cookies of the request say.
    #[cfg(feature = "cookies")]
    pub(crate) fn look(&self) {
        self.0.fetch_or(LOOKED, Ordering::Relaxed);
    }

    /// Says that the response sets a cookie.
    #[cfg(feature = "cookies")]
    pub(crate) fn change(&self) {
        self.0.fetch_or(CHANGED, Ordering::Relaxed);
    }

    pub(crate) fn is_looked_at(&self) -> bool {
        self.0.load(Ordering::Relaxed) & LOOKED != 0
    }

    #[cfg(feature = "page-cache")]
    pub(crate) fn is_changed(&self) -> bool {
        self.0.load(Ordering::Relaxed) & CHANGED != 0
    }
}
