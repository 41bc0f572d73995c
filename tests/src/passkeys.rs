//! Passkeys of users, in software.

use serde_json::{Value, json};

use crate::{Authenticator, Client};

/// The page that passkeys are used on, as the program expects it in development.
pub const FRONT_END: &str = "http://localhost:3000";

/// Adds a passkey to the account of a client that signed in at most five minutes ago: the device, and the passkey.
pub async fn add_passkey(client: &Client) -> (Authenticator, Value) {
    let mut device = Authenticator::at(FRONT_END);
    let begun = client.post("/me/passkeys/start", json!({})).await.expect(200).body;
    let body = json!({"ceremony": begun["ceremony"], "credential": device.create(&begun["options"])});
    let passkey = client.post("/me/passkeys/finish", body).await.expect(201).body;
    (device, passkey)
}
