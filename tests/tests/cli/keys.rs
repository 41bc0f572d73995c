//! `circadia keys rotate`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{PASSWORD, Session};
use crate::process::{Sandbox, Server};
use crate::run::run;

/// How many keys are published.
async fn published(server: &Server) -> usize {
    let keys = reqwest::get(server.url("/.well-known/jwks.json")).await.unwrap().text().await.unwrap();
    let keys: Value = serde_json::from_str(&keys).unwrap();
    keys["keys"].as_array().unwrap().len()
}

async fn status(server: &Server, session: &Session) -> u16 {
    server.try_ask(Method::GET, "/me", Some(session), None).await.unwrap().0.as_u16()
}

async fn refreshed(server: &Server, session: &Session) -> u16 {
    server.post("/auth/refresh", None, &json!({"refresh_token": session.refresh_token})).await.0.as_u16()
}

#[tokio::test]
async fn a_planned_rotation_announces_new_keys_and_an_emergency_ends_the_old_ones() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve().await;
    let session = server.register("ada").await;
    // Beside a server that runs.
    let said = run(&mut sandbox.circadia(&["keys", "rotate"])).succeeded();
    assert!(said.contains("access_token, refresh_token, login") && said.contains("five minutes"), "{said}");
    assert_eq!((status(&server, &session).await, published(&server).await), (200, 1));
    drop(server);

    let server = sandbox.serve().await;
    assert_eq!((status(&server, &session).await, published(&server).await), (200, 2));
    let later = server.login("ada", PASSWORD).await;
    drop(server);

    // Only access tokens: clients with a session refresh theirs.
    let said = run(&mut sandbox.circadia(&["keys", "rotate", "--emergency", "--purpose", "access_token"])).succeeded();
    assert!(said.contains("Rotated: access_token.") && said.contains("sign in again"), "{said}");
    let server = sandbox.serve().await;
    assert_eq!((status(&server, &session).await, published(&server).await), (401, 1));
    assert_eq!(refreshed(&server, &later).await, 200);
    drop(server);

    run(&mut sandbox.circadia(&["keys", "rotate", "--emergency"])).succeeded();
    let server = sandbox.serve().await;
    assert_eq!(refreshed(&server, &session).await, 401);
    let fresh = server.login("ada", PASSWORD).await;
    assert_eq!(status(&server, &fresh).await, 200);
}
