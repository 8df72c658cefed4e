//! A body has one writer.
use rgi_core::Writer;

fn copy(writer: &Writer) -> Writer {
    writer.clone()
}

fn main() {
    let _ = copy;
}
