//! A WebSocket.

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;

pub(crate) async fn open(upgrade: WebSocketUpgrade) -> Response {
    upgrade.protocols(["parrot"]).on_upgrade(converse)
}

/// Greets, and then says what it hears, until the client has enough.
async fn converse(mut socket: WebSocket) {
    let greeting = Message::text("Polly wants a cracker");
    if socket.send(greeting).await.is_err() {
        return;
    }
    while let Some(Ok(message)) = socket.recv().await {
        let said = match message {
            Message::Text(_) | Message::Binary(_) => socket.send(message).await,
            // It answers pings, and the close, by itself.
            _ => Ok(()),
        };
        if said.is_err() {
            return;
        }
    }
}
