//! `/config`: what a client needs to know before anybody has signed in.

use circadia_tests::{Backend, TestApp, scenarios};
use serde_json::json;

scenarios!(a_client_learns_how_the_service_is_set_up);

async fn a_client_learns_how_the_service_is_set_up(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_RATE_LIMIT_AUTH", "7/min").start();
    let config = app.anonymous().get("/config").await.expect(200);
    assert_eq!(config.body["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(config.body["verification"], json!({"email": "optional"}));
    assert_eq!(config.body["providers"]["password"], true);
    let rules = &config.body["password"];
    assert_eq!((&rules["min_length"], &rules["max_length"]), (&json!(8), &json!(128)));
    let requests = &config.body["limits"]["requests"];
    assert_eq!(requests["auth"], json!({"requests": 7, "seconds": 60}));
    assert_eq!((&requests["user"], &config.body["features"]["mail"]), (&json!(null), &json!(true)));
    app.anonymous().with_header("if-none-match", &config.etag()).get("/config").await.expect(304);
    let strict = TestApp::on(backend).set("CIRCADIA_EMAIL_VERIFICATION", "required").start();
    let config = strict.anonymous().get("/config").await.expect(200);
    assert_eq!(config.body["verification"], json!({"email": "required"}));
}
