//! Only a server's exchange makes an environ, so nothing that is always there is missing.
use rgi_core::Environ;

fn forge() -> Environ {
    Environ(None)
}

fn main() {
    forge();
}
