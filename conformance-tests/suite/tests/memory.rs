//! The suite without a server: cases of applications on the core crate's test client, cases of bytes
//! on the engine of HTTP/1.1 in memory.

use rgi_conformance::{Memory, check};

rgi_conformance::suite_on!(|case: &str, root: &str| check(case, &Memory::new(case, root)));
