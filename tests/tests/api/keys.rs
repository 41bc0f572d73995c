//! Keys that are replaced while they are in use: `circadia keys rotate`, the key set, and replicas.

use circadia_auth::keys::Rotation;
use circadia_domain::keys::KeyPurpose;
use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::json;

use super::audit::audited;

scenarios!(
    tokens_stay_good_through_a_planned_rotation,
    no_token_is_good_after_an_emergency_rotation,
    access_tokens_can_be_ended_alone,
    replicas_that_run_follow_an_emergency_rotation_within_seconds,
);

const SIGNING: [KeyPurpose; 2] = [KeyPurpose::AccessToken, KeyPurpose::RefreshToken];

/// The names of the published keys.
async fn published(client: &Client) -> Vec<String> {
    let keys = client.get("/.well-known/jwks.json").await.expect(200).body;
    let keys = keys["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(client: &Client) -> String {
    jsonwebtoken::decode_header(client.token()).unwrap().kid.unwrap()
}

async fn tokens_stay_good_through_a_planned_rotation(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    app.clock.advance(1);
    app.rotate_keys(&SIGNING, Rotation::Planned);
    assert_eq!(audited(&app, "keys_rotated", "done"), 2);
    // A replica that has read the keys since: the new one is announced, the old one still signs.
    let replica = app.replica().start();
    let there = replica.anonymous();
    let announced = published(&there).await;
    assert_eq!(announced.len(), 2);
    assert_eq!(kid(&replica.log_in("ada").await), kid(&ada));
    let ada = ada.at(&there);
    ada.get("/me").await.expect(200);
    app.clock.advance(301);
    let fresh = replica.log_in("ada").await;
    assert_ne!(kid(&fresh), kid(&ada));
    assert!(announced.contains(&kid(&fresh)));
    ada.get("/me").await.expect(200);
    // What the old key derived goes on for as long as its session.
    let renewed = there.post("/auth/refresh", json!({"refresh_token": ada.refresh_token()})).await.expect(200).body;
    app.clock.advance(86_400);
    let renewed = json!({"refresh_token": renewed["refresh_token"]});
    there.post("/auth/refresh", renewed).await.expect(200);
    assert_eq!(published(&there).await, [kid(&fresh)]);
}

async fn no_token_is_good_after_an_emergency_rotation(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let before = published(&app.anonymous()).await;
    app.rotate_keys(&SIGNING, Rotation::Emergency);
    let replica = app.replica().start();
    let there = replica.anonymous();
    ada.at(&there).get("/me").await.problem(401, "token_invalid");
    there.post("/auth/refresh", json!({"refresh_token": ada.refresh_token()})).await.problem(401, "token_expired");
    let after = published(&there).await;
    assert_eq!(after.len(), 1);
    assert_ne!(after, before);
    replica.log_in("ada").await.get("/me").await.expect(200);
}

async fn access_tokens_can_be_ended_alone(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    app.rotate_keys(&[KeyPurpose::AccessToken], Rotation::Emergency);
    let replica = app.replica().start();
    let there = replica.anonymous();
    ada.at(&there).get("/me").await.problem(401, "token_invalid");
    let renewed = there.post("/auth/refresh", json!({"refresh_token": ada.refresh_token()})).await.expect(200);
    there.signed_in(&renewed.body).get("/me").await.expect(200);
}

async fn replicas_that_run_follow_an_emergency_rotation_within_seconds(backend: Backend) {
    let app = TestApp::on(backend).start();
    let replica = app.replica().start();
    let ada = app.user("ada").await;
    let browser = app.browser("ada").await;
    for client in [&ada, &ada.at(&replica.anonymous()), &browser] {
        client.until_known().await;
    }
    app.rotate_keys(&SIGNING, Rotation::Emergency);
    for there in [&app, &replica] {
        let patience = std::time::Duration::from_secs(10);
        ada.at(&there.anonymous()).until_refused_within(patience, 401, "token_invalid").await;
        // Who signs in from now on is known at both.
        let fresh = there.log_in("ada").await;
        for there in [&app, &replica] {
            let patience = std::time::Duration::from_secs(10);
            fresh.at(&there.anonymous()).until_let_in_within(patience).await;
        }
    }
    // Cookies are of other keys.
    browser.get("/themes").await.expect(200);
}
