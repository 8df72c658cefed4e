//! What the process has done. One test alone, for the counts are the process's.

use rgi_core::testing::Client;
use serde_json::{Value, json};

#[test]
fn each_exchange_is_counted_by_its_end() {
    let client = Client::new(testbed::app());
    let stats = || {
        let mut stats: Value = serde_json::from_str(&client.get("/stats").send().text()).unwrap();
        assert_eq!(stats["pid"].take(), std::process::id());
        stats
    };
    let expected = |chunks: u64, [sent, refused, truncated, disconnected]: [u64; 4]| {
        json!({
            "pid": null,
            "bodies_alive": 0,
            "chunks_produced": chunks,
            "outcomes": {
                "sent": sent,
                "refused": refused,
                "truncated": truncated,
                "disconnected": disconnected,
            },
        })
    };
    assert_eq!(stats(), expected(0, [0, 0, 0, 0]));
    // Each answer with the counts is one that was sent, of one block.
    client.get("/stream?chunks=5").send();
    assert_eq!(stats(), expected(1 + 5, [2, 0, 0, 0]));
    client.get("/file").send();
    assert_eq!(stats(), expected(7 + 1, [4, 0, 0, 0]));
    client.get("/fail/before").send();
    client.get("/panic").send();
    assert_eq!(stats(), expected(9, [5, 2, 0, 0]));
    client.get("/fail/during").send();
    assert_eq!(stats(), expected(10 + 1, [6, 2, 1, 0]));
    client.get("/stream?size=1").leave_after(1).send();
    let after = stats();
    assert_eq!(after["outcomes"]["disconnected"], 1);
    assert_eq!(after["bodies_alive"], 0);
}
