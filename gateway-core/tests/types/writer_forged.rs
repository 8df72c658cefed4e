//! Only a started response gives a writer: nothing is written before the start.
use rgi_core::Writer;

fn forge() -> Writer {
    Writer::new()
}

fn main() {
    forge();
}
