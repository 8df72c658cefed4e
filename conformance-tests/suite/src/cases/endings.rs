//! How exchanges end: errors, cuts, panics, clients that leave, and what hooks are told.

use rgi_core::{Bytes, Error, StatusCode};

use crate::Case;

pub(super) const CASES: &[Case] = &[Case {
    name: "cut_after_commit_is_visible",
    says: "an error behind the first block cuts the answer: it never looks whole",
    rules: &[],
    app: |_, start_response| {
        let blocks = [Ok(Bytes::from("some")), Err(Error::new("broken"))];
        rgi_core::BoxBody::new(start_response.start(StatusCode::OK).iter(blocks))
    },
    client: |c| {
        c.get("/");
        c.notes(1);
    },
    expect: r#"
            200
            "some"
            cut
            app: truncated 200 4 bytes
        "#,
    ..Case::APP
}];
