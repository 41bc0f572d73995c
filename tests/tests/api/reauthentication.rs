//! What a session that was borrowed, or an account that was taken before its owner came, must not lead to.

use circadia_tests::{Answer, Backend, Client, TestApp, scenarios};
use reqwest::Method;
use serde_json::{Value, json};
use totp_rs::Totp;

scenarios!(
    a_change_of_address_ends_with_the_password_that_asked_for_it,
    making_a_token_needs_the_password_or_a_fresh_sign_in,
    a_reset_ends_personal_tokens_and_a_change_does_not,
    who_registers_with_an_address_that_was_never_verified_gets_the_account,
    codes_are_guessed_ten_times_whatever_limits_are_configured,
    what_outlives_a_session_needs_a_live_one,
);

const PASSWORD: &str = "correct horse battery";
const OTHER: &str = "a staple and a ladder";

/// Asks for another address: the token that is mailed to it.
async fn ask_for_address(app: &TestApp, client: &Client) -> String {
    let body = json!({"email": "evil@example.org", "password": PASSWORD});
    client.post("/me/email", body).await.expect(202);
    app.mail_to("evil@example.org").await.token().to_owned()
}

async fn forgot(app: &TestApp, address: &str) -> String {
    app.mail().await;
    app.anonymous().post("/auth/password/forgot", json!({"email": address})).await.expect(202);
    app.mail_to(address).await.token().to_owned()
}

async fn reset(app: &TestApp, token: &str, password: &str) -> Answer {
    app.anonymous().post("/auth/password/reset", json!({"token": token, "password": password})).await
}

async fn a_change_of_address_ends_with_the_password_that_asked_for_it(backend: Backend) {
    let app = TestApp::on(backend).start();
    let prove = async |token: &str| app.anonymous().post("/auth/verify-email", json!({"token": token})).await;
    // The owner is told of it, and chooses another password.
    let ada = app.user("ada").await;
    let token = ask_for_address(&app, &ada).await;
    let body = json!({"current_password": PASSWORD, "new_password": OTHER});
    ada.post("/auth/password/change", body).await.expect(204);
    prove(&token).await.names("/token");
    assert_eq!(ada.get("/me").await.expect(200).body["email"], "ada@example.org");
    // The same by a reset.
    let eve = app.user("eve").await;
    let token = ask_for_address(&app, &eve).await;
    let link = forgot(&app, "eve@example.org").await;
    reset(&app, &link, OTHER).await.expect(204);
    prove(&token).await.names("/token");
}

async fn making_a_token_needs_the_password_or_a_fresh_sign_in(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let body = |password: Value| json!({"name": "Importer", "scopes": ["read"], "password": password});
    let make = async |client: &Client, password: Value| client.post("/me/tokens", body(password)).await;
    make(&ada, Value::Null).await.expect(201);
    make(&ada, json!("wrong horse battery")).await.problem(403, "wrong_password");
    app.clock.advance(299);
    make(&ada, Value::Null).await.expect(201);
    app.clock.advance(1);
    let before = app.contents().await;
    make(&ada, Value::Null).await.problem(403, "reauthentication_required");
    assert_eq!(app.contents().await, before);
    make(&ada, json!(PASSWORD)).await.expect(201);
    // Renewing isn't signing in.
    let renewed =
        app.anonymous().post("/auth/refresh", json!({"refresh_token": ada.refresh_token()})).await.expect(200);
    make(&ada.signed_in(&renewed.body), Value::Null).await.problem(403, "reauthentication_required");
    make(&app.log_in("ada").await, Value::Null).await.expect(201);
}

async fn a_reset_ends_personal_tokens_and_a_change_does_not(backend: Backend) {
    let app = TestApp::on(backend).start();
    let replica = app.replica().start();
    let ada = app.user("ada").await;
    let made = ada.post("/me/tokens", json!({"name": "Importer", "scopes": ["read"]})).await.expect(201).body;
    let program = ada.with_token(made["token"].as_str().unwrap());
    let elsewhere = program.at(&replica.anonymous());
    for client in [&program, &elsewhere] {
        client.get("/habits").await.expect(200);
    }
    let body = json!({"current_password": PASSWORD, "new_password": OTHER});
    ada.post("/auth/password/change", body).await.expect(204);
    program.get("/habits").await.expect(200);
    let link = forgot(&app, "ada@example.org").await;
    reset(&app, &link, "yet another password").await.expect(204);
    program.get("/habits").await.problem(401, "token_revoked");
    elsewhere.until_refused(401, "token_revoked").await;
    assert_eq!(app.database.number("SELECT count(*) FROM personal_tokens"), 0);
}

async fn who_registers_with_an_address_that_was_never_verified_gets_the_account(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_EMAIL_VERIFICATION", "required").start();
    let register = async |name: &str, password: &str| {
        let body = json!({"username": name, "email": "ada@example.org", "password": password});
        app.anonymous().post("/auth/register", body).await.expect(202);
        app.mail_to("ada@example.org").await
    };
    let log_in = async |password: &str| {
        app.anonymous().post("/auth/login", json!({"email": "ada@example.org", "password": password})).await.status
    };
    // Another user, who doesn't own the address, came first.
    let first = register("eve", PASSWORD).await;
    assert_eq!(first.subject, "Confirm your e-mail address");
    let second = register("ada", OTHER).await;
    assert_eq!(second.subject, "Finish your registration");
    let old_link = app.anonymous().post("/auth/verify-email", json!({"token": first.token()})).await;
    old_link.names("/token");
    reset(&app, second.token(), OTHER).await.expect(204);
    assert_eq!((log_in(PASSWORD).await, log_in(OTHER).await), (401, 200));
}

async fn codes_are_guessed_ten_times_whatever_limits_are_configured(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_RATE_LIMITS", "off").start();
    let replica = app.replica().set("CIRCADIA_RATE_LIMITS", "off").start();
    let ada = app.user("ada").await;
    let made = ada.post("/me/totp", json!({"password": PASSWORD})).await.expect(200);
    let authenticator = Totp::from_url(made.body["otpauth_uri"].as_str().unwrap()).unwrap();
    // The time of the test's clock.
    let code = |seconds: u64| authenticator.generate(1_773_230_400 + seconds).to_string();
    let confirmed = ada.post("/me/totp/confirm", json!({"code": code(0)})).await.expect(200);
    let recovery = confirmed.body["recovery_codes"][0].clone();
    let body = json!({"username": "ada", "password": PASSWORD});
    let refused = app.anonymous().post("/auth/login", body).await.problem(401, "second_factor_required");
    let challenge = &refused.body["challenge"];
    app.clock.advance(60);
    let answer = async |at: &TestApp, code: &Value| {
        at.anonymous().post("/auth/login/totp", json!({"challenge": challenge, "code": code})).await
    };
    let wrong = json!(if code(60) == "000000" { "111111" } else { "000000" });
    for at in [&app, &replica].into_iter().cycle().take(10) {
        answer(at, &wrong).await.problem(401, "wrong_code");
    }
    for at in [&app, &replica] {
        let refused = answer(at, &json!(code(60))).await.problem(429, "rate_limited");
        assert_eq!(refused.header("retry-after"), Some("2880"));
    }
    // Nor from within.
    let within = ada.call(Method::POST, "/me/totp/remove", &json!({"code": wrong})).await;
    within.problem(429, "rate_limited");
    assert_eq!(app.database.number("SELECT count(*) FROM login_attempts WHERE failure = 'wrong_code'"), 10);
    assert_eq!(app.database.number("SELECT count(*) FROM login_attempts WHERE failure = 'second_factor_required'"), 1);
    answer(&app, &recovery).await.expect(200);
}

async fn what_outlives_a_session_needs_a_live_one(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let made = ada.post("/me/totp", json!({})).await.expect(200);
    let authenticator = Totp::from_url(made.body["otpauth_uri"].as_str().unwrap()).unwrap();
    let code = authenticator.generate(1_773_230_400).to_string();
    ada.get("/habits").await.expect(200);
    // The session ends, and this replica hasn't heard of it yet.
    app.database.execute("UPDATE sessions SET revoked_at = created_at");
    ada.get("/habits").await.expect(200);
    app.mail().await;
    let before = app.database.contents();
    let proven = |mut body: Value| {
        body["password"] = json!(PASSWORD);
        body
    };
    let token = json!({"name": "Importer", "scopes": ["read"]});
    for (method, path, body) in [
        (Method::POST, "/me/tokens", token.clone()),
        (Method::POST, "/me/tokens", proven(token)),
        (Method::POST, "/me/email", proven(json!({"email": "evil@example.org"}))),
        (Method::POST, "/me/totp", json!({})),
        (Method::POST, "/me/totp", proven(json!({}))),
        (Method::POST, "/me/totp/confirm", json!({"code": code})),
        (Method::POST, "/me/providers/google/unlink", proven(json!({}))),
    ] {
        ada.call(method, path, &body).await.problem(401, "token_revoked");
    }
    assert_eq!(app.database.contents(), before);
    assert!(app.mail().await.is_empty());
}
