//! `/auth`: registering, signing in, refreshing and signing out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    names_and_addresses_are_taken_once,
    bad_passwords_are_refused_with_the_reason,
    unknown_users_and_wrong_passwords_answer_alike,
    a_refresh_token_is_good_once,
    a_replay_ends_the_whole_session,
    a_lost_reply_can_be_asked_for_again,
    logging_out_ends_the_session_at_once,
    logging_out_everywhere_ends_every_session,
    access_tokens_expire,
    refreshing_ends_seven_days_after_the_login_to_the_second,
    altered_tokens_are_invalid,
    the_published_keys_verify_access_tokens,
    logging_out_is_known_to_other_replicas_within_a_second,
);

async fn names_and_addresses_are_taken_once(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    let register = async |username: &str, email: &str| {
        let body = json!({"username": username, "email": email, "password": "correct horse battery"});
        app.anonymous().post("/auth/register", body).await
    };
    register("ADA", "other@example.org").await.problem(409, "username_taken");
    register("other", "ADA@EXAMPLE.ORG").await.problem(409, "email_taken");
    let made = register("other", "other@example.org").await.expect(201);
    assert_eq!((&made.body["token_type"], &made.body["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(made.header("cache-control"), Some("no-store"));
    // By name or address, ignoring case.
    for credentials in [json!({"username": "Other"}), json!({"email": "Other@Example.org"})] {
        let mut credentials = credentials;
        credentials["password"] = json!("correct horse battery");
        let answer = app.anonymous().post("/auth/login", credentials).await.expect(200);
        assert_eq!(answer.body["user"]["username"], "other");
    }
}

async fn bad_passwords_are_refused_with_the_reason(backend: Backend) {
    let app = TestApp::on(backend).start();
    let before = app.contents().await;
    let long = "x".repeat(129);
    for (password, reasons) in [
        ("sho rt!", &["too_short"][..]),
        ("48207195364", &["all_numeric"]),
        ("12345678", &["all_numeric", "common"]),
        ("password123", &["common"]),
        ("P@ssw0rd", &["common"]),
        ("letmein123", &["guessable"]),
        ("Circadia2026!", &["guessable"]),
        ("qwertyASDF", &["guessable"]),
        ("grace.hopper", &["similar_to_username"]),
        ("admiral@navy.example", &["similar_to_email"]),
        ("a\0bcdefgh", &["nul_character"]),
        (long.as_str(), &["too_long"]),
    ] {
        let body = json!({"username": "grace.hopper", "email": "admiral@navy.example", "password": password});
        let refused = app.anonymous().post("/auth/register", body).await.names("/password");
        let errors = refused.body["errors"].as_array().unwrap();
        let codes: Vec<&str> = errors.iter().map(|error| error["code"].as_str().unwrap()).collect();
        assert_eq!(codes, reasons, "{password}");
        assert!(!refused.body.to_string().contains(password), "{password} is repeated");
    }
    assert_eq!(app.contents().await, before);
}

async fn unknown_users_and_wrong_passwords_answer_alike(backend: Backend) {
    let app = TestApp::on(backend).start();
    for name in ["ada", "grace", "mary"] {
        app.user(name).await;
    }
    app.deactivate_unsaid("mary");
    // As for an account created through a provider, without a password.
    app.database.execute("UPDATE users SET password_hash = NULL WHERE username = 'grace'");
    for way in ["/auth/login", "/auth/session"] {
        let refused = async |login: Value| {
            let answer = app.anonymous().post(way, login).await.problem(401, "invalid_credentials");
            (answer.comparable(), answer.statements(), answer.units())
        };
        let wrong = refused(json!({"username": "ada", "password": "wrong horse battery"})).await;
        for login in [
            json!({"email": "ada@example.org", "password": "wrong horse battery"}),
            json!({"username": "nobody", "password": "wrong horse battery"}),
            json!({"email": "nobody@example.org", "password": "correct horse battery"}),
            json!({"email": "no address", "password": "correct horse battery"}),
            json!({"username": "", "password": "correct horse battery"}),
            json!({"username": "grace", "password": "correct horse battery"}),
            json!({"username": "mary", "password": "wrong horse battery"}),
        ] {
            assert_eq!(refused(login.clone()).await, wrong, "{login} at {way}");
        }
        // Only who knows the password of an account could see that it isn't looked up for nothing.
        let inactive = refused(json!({"username": "mary", "password": "correct horse battery"})).await;
        assert_eq!(inactive.0, wrong.0);
    }
}

async fn refresh(client: &Client, token: &str) -> circadia_tests::Answer {
    client.post("/auth/refresh", json!({"refresh_token": token})).await
}

async fn a_refresh_token_is_good_once(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let next = refresh(&app.anonymous(), ada.refresh_token()).await.expect(200).body;
    assert_ne!(next["refresh_token"], ada.refresh_token());
    let ada = ada.signed_in(&next);
    assert_eq!(ada.get("/me").await.expect(200).body["username"], "ada");
    refresh(&app.anonymous(), ada.refresh_token()).await.expect(200);
    refresh(&app.anonymous(), "nonsense").await.problem(401, "token_invalid");
    // An access token is no refresh token, and the other way round.
    refresh(&app.anonymous(), ada.token()).await.problem(401, "token_invalid");
    app.anonymous().with_token(ada.refresh_token()).get("/me").await.problem(401, "token_invalid");
}

async fn a_replay_ends_the_whole_session(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let elsewhere = app.log_in("ada").await;
    let second = refresh(&app.anonymous(), ada.refresh_token()).await.expect(200).body;
    let second = ada.signed_in(&second);
    app.clock.advance(11);
    refresh(&app.anonymous(), ada.refresh_token()).await.problem(401, "token_revoked");
    refresh(&app.anonymous(), second.refresh_token()).await.problem(401, "token_revoked");
    second.until_refused(401, "token_revoked").await;
    elsewhere.get("/me").await.expect(200);
}

async fn a_lost_reply_can_be_asked_for_again(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let child = refresh(&app.anonymous(), ada.refresh_token()).await.expect(200).body;
    app.clock.advance(9);
    let same = refresh(&app.anonymous(), ada.refresh_token()).await.expect(200).body;
    assert_eq!(same["refresh_token"], child["refresh_token"]);
    // Once the child was used, its parent's reply wasn't lost.
    refresh(&app.anonymous(), child["refresh_token"].as_str().unwrap()).await.expect(200);
    refresh(&app.anonymous(), ada.refresh_token()).await.problem(401, "token_revoked");
}

async fn logging_out_ends_the_session_at_once(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let elsewhere = app.log_in("ada").await;
    ada.post("/auth/logout", Value::Null).await.expect(204);
    ada.get("/me").await.problem(401, "token_revoked");
    refresh(&app.anonymous(), ada.refresh_token()).await.problem(401, "token_revoked");
    // A session's refresh token ends it, with or without an access token; a guess ends nothing.
    let ended = json!({"refresh_token": elsewhere.refresh_token()});
    let mut guess = elsewhere.refresh_token().to_owned();
    let last = guess.pop().unwrap();
    guess.push(if last == 'A' { 'B' } else { 'A' });
    for guess in [guess.as_str(), "nonsense"] {
        app.anonymous().post("/auth/logout", json!({"refresh_token": guess})).await;
        elsewhere.get("/me").await.expect(200);
    }
    app.anonymous().post("/auth/logout", ended).await.expect(204);
    elsewhere.get("/me").await.problem(401, "token_revoked");
    app.anonymous().post("/auth/logout", Value::Null).await.problem(401, "authentication_required");
}

async fn logging_out_everywhere_ends_every_session(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let elsewhere = app.log_in("ada").await;
    ada.post("/auth/logout-all", Value::Null).await.expect(204);
    for client in [&ada, &elsewhere] {
        client.get("/me").await.problem(401, "token_revoked");
        refresh(&app.anonymous(), client.refresh_token()).await.problem(401, "token_revoked");
    }
    eve.get("/me").await.expect(200);
    app.clock.advance(1);
    app.log_in("ada").await.get("/me").await.expect(200);
}

async fn access_tokens_expire(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    app.clock.advance(14 * 60);
    ada.get("/me").await.expect(200);
    app.clock.advance(2 * 60);
    let refused = ada.get("/me").await.problem(401, "token_expired");
    assert_eq!(refused.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    let renewed = refresh(&app.anonymous(), ada.refresh_token()).await.expect(200).body;
    ada.signed_in(&renewed).get("/me").await.expect(200);
    // Seven days after signing in it is over, however often it was renewed.
    app.clock.advance(7 * 86_400);
    refresh(&app.anonymous(), renewed["refresh_token"].as_str().unwrap()).await.problem(401, "token_expired");
}

async fn refreshing_ends_seven_days_after_the_login_to_the_second(backend: Backend) {
    let app = TestApp::on(backend).start();
    let often = app.user("ada").await;
    let never = app.log_in("ada").await;
    let renew = async |token: &Value| refresh(&app.anonymous(), token.as_str().unwrap()).await;
    let mut token = often.tokens["refresh_token"].clone();
    for _ in 0..6 {
        app.clock.advance(86_400);
        token = renew(&token).await.expect(200).body["refresh_token"].clone();
    }
    app.clock.advance(86_399);
    let last = renew(&token).await.expect(200).body;
    let other = renew(&never.tokens["refresh_token"]).await.expect(200).body;
    app.clock.advance(1);
    for tokens in [last, other] {
        renew(&tokens["refresh_token"]).await.problem(401, "token_expired");
    }
}

async fn altered_tokens_are_invalid(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let parts: Vec<&str> = ada.token().split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("no JWT") };
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let flipped = |part: &str, at: usize| {
        let mut bytes = decoded(part);
        bytes[at] ^= 1;
        encoded(&bytes)
    };
    let mut claims: Value = serde_json::from_slice(&decoded(payload)).unwrap();
    claims["exp"] = json!(4_000_000_000_u64);
    let longer = encoded(claims.to_string().as_bytes());
    let mut head: Value = serde_json::from_slice(&decoded(header)).unwrap();
    assert_eq!((&head["alg"], &head["typ"]), (&json!("EdDSA"), &json!("at+jwt")));
    let with_head = |name: &str, value: Value, head: &mut Value| {
        let before = std::mem::replace(&mut head[name], value);
        let text = encoded(head.to_string().as_bytes());
        head[name] = before;
        text
    };
    let unsigned = with_head("alg", json!("none"), &mut head);
    let symmetric = with_head("alg", json!("HS256"), &mut head);
    let other_key = with_head("kid", json!("../../../dev/null"), &mut head);
    for token in [
        format!("{header}.{payload}.{}", flipped(signature, 7)),
        format!("{header}.{}.{signature}", flipped(payload, 20)),
        format!("{header}.{longer}.{signature}"),
        format!("{unsigned}.{payload}."),
        format!("{unsigned}.{payload}.{signature}"),
        format!("{symmetric}.{payload}.{signature}"),
        format!("{other_key}.{payload}.{signature}"),
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}.{signature}"),
        String::from("x"),
        "x".repeat(7_000),
    ] {
        app.anonymous().with_token(&token).get("/me").await.problem(401, "token_invalid");
    }
    ada.get("/me").await.expect(200);
}

async fn the_published_keys_verify_access_tokens(backend: Backend) {
    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let published = app.anonymous().get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(published.body["keys"][0]["d"], Value::Null, "the private half is out");
    let keys: JwkSet = serde_json::from_value(published.body).unwrap();
    let kid = decode_header(ada.token()).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["circadia"]);
    validation.set_issuer(&["circadia"]);
    // It is of the test's time, not of ours.
    validation.validate_exp = false;
    let claims = decode::<Value>(ada.token(), &key, &validation).unwrap().claims;
    assert_eq!(claims["sub"], ada.tokens["user"]["id"]);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
}

async fn logging_out_is_known_to_other_replicas_within_a_second(backend: Backend) {
    let app = TestApp::on(backend).start();
    let replica = app.replica().start();
    let ada = app.user("ada").await;
    let elsewhere = app.log_in("ada").await;
    // What one replica issued, the other accepts.
    ada.at(&replica.anonymous()).get("/me").await.expect(200);
    elsewhere.at(&replica.anonymous()).get("/me").await.expect(200);
    ada.post("/auth/logout", Value::Null).await.expect(204);
    ada.at(&replica.anonymous()).until_refused(401, "token_revoked").await;
    elsewhere.at(&replica.anonymous()).get("/me").await.expect(200);
}
