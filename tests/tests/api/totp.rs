//! The second factor: `/me/totp`, and signing in with it. The authenticator is an independent implementation.

use circadia_tests::{Answer, Backend, Client, TestApp, fresh_id, scenarios};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use totp_rs::Totp;

use super::audit::audited;

scenarios!(
    a_second_factor_is_asked_for_once_it_is_confirmed,
    a_cookie_session_asks_for_it_too,
    each_code_is_good_once,
    one_code_used_at_once_lets_one_in,
    a_challenge_that_was_answered_is_over,
    recovery_codes_stand_in_once_each,
    setting_up_needs_the_password_or_a_fresh_sign_in,
    removing_needs_a_code_or_the_password,
    a_challenge_ends_with_time_and_with_the_password,
    wrong_codes_are_recorded_and_limited,
    a_wrong_password_does_not_tell_of_a_second_factor,
    secrets_are_sealed_and_of_one_account,
);

const PASSWORD: &str = "correct horse battery";

/// The time of the test's clock when it begins.
const BEGIN: u64 = 1_773_230_400;

/// What shows codes: an app that read the QR code.
struct Authenticator(Totp);

impl Authenticator {
    fn code(&self, seconds: u64) -> String {
        self.0.generate(BEGIN + seconds).to_string()
    }
}

/// Sets a second factor up and confirms it; the authenticator and the recovery codes.
async fn active(client: &Client) -> (Authenticator, Vec<String>) {
    let made = client.post("/me/totp", json!({"password": PASSWORD})).await.expect(200);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let authenticator = Authenticator(Totp::from_url(made.body["otpauth_uri"].as_str().unwrap()).unwrap());
    let confirmed = client.post("/me/totp/confirm", json!({"code": authenticator.code(0)})).await.expect(200);
    let codes = confirmed.body["recovery_codes"].as_array().unwrap();
    (authenticator, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

async fn log_in(client: &Client) -> Answer {
    client.post("/auth/login", json!({"username": "ada", "password": PASSWORD, "device": "phone"})).await
}

/// The challenge that a right password gets.
async fn challenge(client: &Client) -> String {
    let refused = log_in(client).await.problem(401, "second_factor_required");
    refused.body["challenge"].as_str().unwrap().to_owned()
}

async fn answer(client: &Client, challenge: &str, code: &str) -> Answer {
    client.post("/auth/login/totp", json!({"challenge": challenge, "code": code})).await
}

async fn a_second_factor_is_asked_for_once_it_is_confirmed(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let status = async || ada.get("/me/totp").await.expect(200).body["status"].clone();
    assert_eq!(status().await, "off");
    ada.post("/me/totp/confirm", json!({"code": "000000"})).await.problem(409, "totp_not_set_up");
    ada.post("/me/totp", json!({})).await.expect(200);
    assert_eq!(status().await, "pending");
    log_in(&app.anonymous()).await.expect(200);
    ada.post("/me/totp/confirm", json!({"code": "no code"})).await.names("/code");
    let (authenticator, codes) = active(&ada).await;
    assert_eq!(codes.len(), 10);
    let state = ada.get("/me/totp").await.expect(200).body;
    let expected = json!({"status": "active", "active_since": "2026-03-11T12:00:00Z", "recovery_codes_left": 10});
    assert_eq!(state, expected);
    ada.post("/me/totp", json!({})).await.problem(409, "totp_active");
    ada.post("/me/totp/confirm", json!({"code": authenticator.code(0)})).await.problem(409, "totp_active");
    // Sessions that are open stay so; new ones need both factors.
    ada.get("/me").await.expect(200);
    let logins = ada.get("/me").await.expect(200).body["login_count"].as_i64().unwrap();
    let asked = challenge(&app.anonymous()).await;
    app.clock.advance(30);
    let signed_in = answer(&app.anonymous(), &asked, &authenticator.code(30)).await.expect(200);
    assert_eq!(signed_in.header("cache-control"), Some("no-store"));
    let again = app.anonymous().signed_in(&signed_in.body);
    assert_eq!(again.get("/me").await.expect(200).body["login_count"], logins + 1, "a challenge is no login");
    assert_eq!(app.database.number("SELECT count(*) FROM sessions WHERE device = 'phone'"), 2);
    assert_eq!(audited(&app, "totp_enabled", "done"), 1);
}

async fn a_cookie_session_asks_for_it_too(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (_, codes) = active(&app.user("ada").await).await;
    let anonymous = app.anonymous();
    let credentials = json!({"username": "ada", "password": PASSWORD});
    let refused = anonymous.post("/auth/session", credentials).await.problem(401, "second_factor_required");
    assert_eq!(refused.header("set-cookie"), None);
    let asked = refused.body["challenge"].as_str().unwrap();
    let body = |challenge: &str| json!({"challenge": challenge, "code": codes[0]});
    // A challenge opens the kind of session that it was given for.
    anonymous.post("/auth/login/totp", body(asked)).await.problem(401, "challenge_expired");
    let of_tokens = challenge(&anonymous).await;
    anonymous.post("/auth/session/totp", body(&of_tokens)).await.problem(401, "challenge_expired");
    let foreign = anonymous.with_header("origin", "https://evil.example");
    foreign.post("/auth/session/totp", body(asked)).await.problem(403, "csrf_failed");
    let opened = anonymous.post("/auth/session/totp", body(asked)).await.expect(200);
    anonymous.in_browser(&opened).get("/me").await.expect(200);
}

async fn each_code_is_good_once(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (authenticator, _) = active(&app.user("ada").await).await;
    let anonymous = app.anonymous();
    let asked = challenge(&anonymous).await;
    // The one that confirmed it, and all before.
    for seconds in [0, 0] {
        answer(&anonymous, &asked, &authenticator.code(seconds)).await.problem(401, "wrong_code");
    }
    // A clock that runs one step ahead is followed; two aren't.
    answer(&anonymous, &asked, &authenticator.code(60)).await.problem(401, "wrong_code");
    answer(&anonymous, &asked, &authenticator.code(30)).await.expect(200);
    answer(&anonymous, &challenge(&anonymous).await, &authenticator.code(30)).await.problem(401, "wrong_code");
    app.clock.advance(60);
    let code = authenticator.code(60);
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    answer(&anonymous, &challenge(&anonymous).await, &spaced).await.expect(200);
    // One step behind, too; but not what is used up.
    app.clock.advance(60);
    let asked = challenge(&anonymous).await;
    answer(&anonymous, &asked, &authenticator.code(60)).await.problem(401, "wrong_code");
    answer(&anonymous, &asked, &authenticator.code(90)).await.expect(200);
}

async fn a_challenge_that_was_answered_is_over(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (authenticator, codes) = active(&app.user("ada").await).await;
    let anonymous = app.anonymous();
    let (asked, other) = (challenge(&anonymous).await, challenge(&anonymous).await);
    app.clock.advance(30);
    answer(&anonymous, &asked, &codes[0].replace('-', "x")).await.problem(401, "wrong_code");
    answer(&anonymous, &asked, &authenticator.code(30)).await.expect(200);
    // A code that is fresh doesn't help, and isn't used up.
    answer(&anonymous, &asked, &authenticator.code(60)).await.problem(401, "challenge_expired");
    answer(&anonymous, &asked, &codes[0]).await.problem(401, "challenge_expired");
    // Of many who answer another at once, one is let in.
    let mut answers = JoinSet::new();
    for code in codes.iter().take(6) {
        let (client, asked, code) = (anonymous.clone(), other.clone(), code.clone());
        answers.spawn(async move { answer(&client, &asked, &code).await.status });
    }
    let statuses = answers.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(app.database.number("SELECT count(*) FROM recovery_codes"), 9);
}

async fn one_code_used_at_once_lets_one_in(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (authenticator, codes) = active(&app.user("ada").await).await;
    app.clock.advance(30);
    for code in [authenticator.code(30), codes[0].clone()] {
        let asked = challenge(&app.anonymous()).await;
        let mut tasks = JoinSet::new();
        for _ in 0..8 {
            let (client, asked, code) = (app.anonymous(), asked.clone(), code.clone());
            tasks.spawn(async move { answer(&client, &asked, &code).await.status });
        }
        let mut statuses = tasks.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401, 401, 401, 401, 401, 401, 401]);
    }
}

async fn recovery_codes_stand_in_once_each(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (authenticator, codes) = active(&ada).await;
    let anonymous = app.anonymous();
    let asked = challenge(&anonymous).await;
    let left = async || ada.get("/me/totp").await.expect(200).body["recovery_codes_left"].as_i64().unwrap();
    answer(&anonymous, &asked, &codes[3].to_uppercase().replace('-', " ")).await.expect(200);
    let asked = challenge(&anonymous).await;
    answer(&anonymous, &asked, &codes[3]).await.problem(401, "wrong_code");
    assert_eq!((left().await, audited(&app, "recovery_code_used", "done")), (9, 1));
    let renewed = ada.post("/me/totp/recovery-codes", json!({"code": authenticator.code(30)})).await.expect(200).body;
    assert_eq!((left().await, audited(&app, "recovery_codes_renewed", "done")), (10, 1));
    answer(&anonymous, &asked, &codes[4]).await.problem(401, "wrong_code");
    answer(&anonymous, &asked, renewed["recovery_codes"][0].as_str().unwrap()).await.expect(200);
    ada.post("/me/totp/recovery-codes", json!({"password": PASSWORD})).await.expect(200);
    // Hashed under a key that isn't in the database: those of two accounts differ even if they were the same.
    assert_eq!(app.database.number("SELECT count(*) FROM recovery_codes"), 10);
}

async fn setting_up_needs_the_password_or_a_fresh_sign_in(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    app.clock.advance(299);
    ada.post("/me/totp", json!({})).await.expect(200);
    app.clock.advance(1);
    ada.post("/me/totp", json!({})).await.problem(403, "reauthentication_required");
    ada.post("/me/totp", json!({"password": "wrong horse battery"})).await.problem(403, "wrong_password");
    ada.post("/me/totp", json!({"password": PASSWORD})).await.expect(200);
    app.log_in("ada").await.post("/me/totp", json!({})).await.expect(200);
}

async fn removing_needs_a_code_or_the_password(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let remove = async |body: Value| ada.call(Method::POST, "/me/totp/remove", &body).await;
    remove(json!({"password": PASSWORD})).await.problem(409, "totp_not_set_up");
    let (authenticator, codes) = active(&ada).await;
    remove(json!({})).await.names("/code");
    remove(json!({"code": "1", "password": PASSWORD})).await.names("/code");
    remove(json!({"code": "000000"})).await.names("/code");
    remove(json!({"password": "wrong horse battery"})).await.problem(403, "wrong_password");
    remove(json!({"code": authenticator.code(30)})).await.expect(204);
    assert_eq!(audited(&app, "totp_disabled", "done"), 1);
    for table in ["totp_factors", "recovery_codes"] {
        assert_eq!(app.database.number(&format!("SELECT count(*) FROM {table}")), 0);
    }
    log_in(&app.anonymous()).await.expect(200);
    // By the other methods.
    let (_, again) = active(&ada).await;
    assert!(!again.contains(&codes[0]));
    remove(json!({"code": again[0]})).await.expect(204);
    active(&ada).await;
    remove(json!({"password": PASSWORD})).await.expect(204);
}

async fn a_challenge_ends_with_time_and_with_the_password(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (authenticator, codes) = active(&ada).await;
    let anonymous = app.anonymous();
    let asked = challenge(&anonymous).await;
    for nonsense in ["", "nonsense", ada.token(), ada.refresh_token(), &asked[1..], &fresh_id()] {
        answer(&anonymous, nonsense, &codes[0]).await.problem(401, "challenge_expired");
    }
    // It is no token.
    anonymous.with_token(&asked).get("/me").await.problem(401, "token_invalid");
    app.clock.advance(299);
    answer(&anonymous, &asked, &codes[0]).await.expect(200);
    app.clock.advance(1);
    answer(&anonymous, &asked, &codes[1]).await.problem(401, "challenge_expired");
    // Removed meanwhile: nothing is asked for any more.
    let asked = challenge(&anonymous).await;
    ada.call(Method::POST, "/me/totp/remove", &json!({"code": authenticator.code(300)})).await.expect(204);
    answer(&anonymous, &asked, &codes[1]).await.problem(401, "challenge_expired");
}

async fn wrong_codes_are_recorded_and_limited(backend: Backend) {
    let app = TestApp::on(backend)
        .set("CIRCADIA_RATE_LIMIT_AUTH", "8/h")
        .set("CIRCADIA_TRUSTED_PROXIES", "127.0.0.0/8")
        .start();
    let from = |address: usize| app.anonymous().with_header("x-forwarded-for", &format!("203.0.113.{address}"));
    let ada = app.user("ada").await;
    let (authenticator, _) = active(&ada).await;
    let asked = challenge(&from(1)).await;
    // Confirming counted as an attempt.
    for number in 0..7 {
        answer(&from(10 + number), &asked, "000000").await.problem(401, "wrong_code");
    }
    let refused = answer(&from(50), &asked, &authenticator.code(0)).await.problem(429, "rate_limited");
    assert_eq!(refused.header("ratelimit-policy"), Some("\"account\";q=8;w=3600"));
    let recorded = "SELECT count(*) FROM login_attempts WHERE method = 'totp' AND failure = 'wrong_code'
                    AND user_id IS NOT NULL AND identifier_hash IS NOT NULL";
    assert_eq!(app.database.number(recorded), 7);
    // As many attempts belong to one identifier as with the password itself.
    let identifiers = "SELECT count(DISTINCT identifier_hash) FROM login_attempts";
    assert_eq!(app.database.number(identifiers), 1);
    // And from one address.
    for _ in 0..8 {
        answer(&from(99), "nonsense", "000000").await.problem(401, "challenge_expired");
    }
    answer(&from(99), "nonsense", "000000").await.problem(429, "rate_limited");
}

async fn a_wrong_password_does_not_tell_of_a_second_factor(backend: Backend) {
    let app = TestApp::on(backend).start();
    active(&app.user("ada").await).await;
    app.user("eve").await;
    let mut bodies = Vec::new();
    for name in ["ada", "eve", "nobody"] {
        let body = json!({"username": name, "password": "wrong horse battery"});
        let mut refused = app.anonymous().post("/auth/login", body).await.problem(401, "invalid_credentials").body;
        refused["instance"] = Value::Null;
        bodies.push(refused);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
}

async fn secrets_are_sealed_and_of_one_account(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let (hers, codes) = active(&ada).await;
    let eve = app.user("eve").await;
    let (_, own) = active(&eve).await;
    let asked = challenge(&app.anonymous()).await;
    app.clock.advance(30);
    answer(&app.anonymous(), &asked, &own[0]).await.problem(401, "wrong_code");
    eve.call(Method::POST, "/me/totp/remove", &json!({"code": codes[0]})).await.names("/code");
    eve.call(Method::POST, "/me/totp/remove", &json!({"code": hers.code(30)})).await.names("/code");
    // Longer than the secret: with a nonce and a tag.
    assert_eq!(app.database.number("SELECT count(*) FROM totp_factors WHERE length(sealed) = 49"), 2);
    assert_eq!(app.database.number("SELECT count(DISTINCT sealed) FROM totp_factors"), 2);
}
