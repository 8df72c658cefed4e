//! Transfer-codings are the server's.
use rgi_core::FieldName;

const _: FieldName = FieldName::from_static("transfer-encoding");

fn main() {}
