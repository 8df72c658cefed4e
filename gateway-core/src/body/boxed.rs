//! Bodies whose type was erased.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::{Body, Flatten, Full};
use crate::{Error, Event};

macro_rules! boxed {
    ($(#[$doc:meta])* $name:ident, $inner:ident, $dyn:ty, [$($send:ident)?]) => {
        $(#[$doc])*
        #[must_use = "a body does nothing until a server polls it"]
        pub struct $name($inner);

        enum $inner {
            Full(Full),
            Boxed(Pin<Box<$dyn>>),
        }

        impl $name {
            /// Erases the type of a body. A [`Full`] is kept as it is and a box is not boxed again.
            pub fn new<B: Body $(+ $send)? + 'static>(body: B) -> $name {
                // The body is moved out by value, without knowing its type: `Option` in an `Any`.
                let mut body = Some(body);
                let any: &mut dyn Any = &mut body;
                if let Some(full) = any.downcast_mut::<Option<Full>>().and_then(Option::take) {
                    return $name($inner::Full(full));
                }
                if let Some(boxed) = any.downcast_mut::<Option<$name>>().and_then(Option::take) {
                    return boxed;
                }
                let body = body.expect("only the two types above are taken");
                $name($inner::Boxed(Box::pin(body)))
            }

            /// A body of a future of one: the usual `type Body` of a framework.
            pub fn future<T, B>(body: T) -> $name
            where
                T: Future<Output = Result<B, Error>> $(+ $send)? + 'static,
                B: Body $(+ $send)? + 'static,
            {
                $name($inner::Boxed(Box::pin(Flatten::new(body))))
            }
        }

        impl From<Full> for $name {
            fn from(full: Full) -> $name {
                $name($inner::Full(full))
            }
        }

        impl Stream for $name {
            type Item = Result<Event, Error>;

            fn poll_next(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<Option<Self::Item>> {
                match &mut self.0 {
                    $inner::Full(full) => Pin::new(full).poll_next(cx),
                    $inner::Boxed(body) => body.as_mut().poll_next(cx),
                }
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                match &self.0 {
                    $inner::Full(full) => full.size_hint(),
                    $inner::Boxed(body) => body.size_hint(),
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

boxed! {
    /// A body of any type. `Send`, not `Sync`; a [`Full`] inside is not boxed.
    BoxBody, Inner, dyn Stream<Item = Result<Event, Error>> + Send, [Send]
}
boxed! {
    /// A body of any type, for applications that stay on their thread.
    LocalBoxBody, LocalInner, dyn Stream<Item = Result<Event, Error>>, []
}
