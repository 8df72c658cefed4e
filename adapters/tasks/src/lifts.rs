//! The threads of blocking lifts.

use std::sync::Arc;

use rgi_core::server::{Around, Config, Pool};
use tokio::runtime::Handle;

/// The pool of blocking lifts, in whose threads tokio is entered and what the settings say.
pub fn pool(config: &Config, handle: &Handle) -> Pool {
    let (handle, around) = (handle.clone(), config.around.clone());
    let entered: Around = Arc::new(move |work: &mut dyn FnMut()| {
        let _entered = handle.enter();
        match &around {
            Some(around) => around(work),
            None => work(),
        }
    });
    config.pool().around(Some(entered))
}
