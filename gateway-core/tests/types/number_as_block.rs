//! A number is no bytes.
use rgi_core::Event;

fn block(number: u32) -> Event {
    Event::Data(number)
}

fn main() {
    let _ = block;
}
