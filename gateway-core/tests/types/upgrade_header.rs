//! A protocol is switched by `upgrade`, never by a field.
use rgi_core::FieldName;

const _: FieldName = FieldName::from_static("upgrade");

fn main() {}
