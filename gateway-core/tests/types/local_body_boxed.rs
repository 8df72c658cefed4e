//! A boxed body can go to another thread; one that cannot is boxed as `LocalBoxBody`.
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use rgi_core::{BodyExt, BoxBody, Error, Event, Stream};

struct Local(Rc<()>);

impl Stream for Local {
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(None)
    }
}

fn share(body: Local) -> BoxBody {
    body.erased()
}

fn main() {
    let _ = share;
}
