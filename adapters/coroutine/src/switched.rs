//! A connection behind a switch of protocols: the application has it.

use std::sync::Arc;

use rgi_core::Body;

use crate::io::Io;
use crate::line::{Line, Switch};

/// Hands the connection over, and polls the body, of which the handler is a part, to its end.
pub(crate) async fn switched<B: Body + Send + 'static>(line: &Arc<Line<B>>, switch: Switch<B>) {
    let Switch {
        mut job,
        demand,
        upgrade,
    } = switch;
    // From here on the deadlines are the application's.
    line.watch.release();
    match upgrade.await.map(|upgraded| upgraded.downcast::<Io<B>>()) {
        Ok(Ok(parts)) => demand.fulfil(parts.io.switched(&parts.read_buf)),
        // The application finds that it gets no connection.
        Ok(Err(_)) | Err(_) => drop(demand),
    }
    job.as_mut().see_out(&line.server).await;
    line.leave();
}
