//! Whether a connection persists is the server's to say.
use rgi_core::FieldName;

const _: FieldName = FieldName::from_static("connection");

fn main() {}
