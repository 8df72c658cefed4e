//! The command `rgi-conformance`; everything it does is in the library beside it.

use rgi_conformance_cli::Exit;

fn main() -> Exit {
    rgi_conformance_cli::run(std::env::args_os())
}
