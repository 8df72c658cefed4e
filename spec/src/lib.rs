//! RGI 1.0, the Rust Gateway Interface: its rules as data
