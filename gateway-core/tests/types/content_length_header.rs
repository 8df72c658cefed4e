//! A length is promised with `length`, never written as a field.
use rgi_core::FieldName;

const _: FieldName = FieldName::from_static("content-length");

fn main() {}
