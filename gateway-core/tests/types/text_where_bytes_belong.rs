//! A block is bytes. Text becomes bytes where it is converted, and nowhere else.
use rgi_core::Event;

fn block(text: String) -> Event {
    Event::Data(text)
}

fn main() {
    let _ = block;
}
