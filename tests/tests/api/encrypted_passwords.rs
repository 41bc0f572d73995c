//! Passwords that clients encrypt: `GET /auth/public-key`, `encrypted_password`.

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use circadia_auth::keys::Rotation;
use circadia_domain::keys::KeyPurpose;
use circadia_tests::{Answer, Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(
    an_encrypted_password_registers_and_logs_in,
    a_decrypt_failure_looks_like_a_wrong_password,
    exactly_one_kind_of_password_is_taken,
    replicas_share_one_key_and_make_it_once,
    a_replaced_key_still_decrypts_for_a_while,
    wherever_a_password_is_asked_for_it_may_be_encrypted,
);

const PASSWORD: &str = "correct horse battery";

async fn public_key(client: &Client) -> Value {
    client.get("/auth/public-key").await.expect(200).body
}

/// Encrypts as a client would that knows nothing but the answer.
fn encrypt(key: &Value, password: &str) -> Vec<u8> {
    let body: String = key["public_key"].as_str().unwrap().lines().filter(|line| !line.starts_with("--")).collect();
    let key = PublicEncryptingKey::from_der(&STANDARD.decode(body).unwrap()).unwrap();
    let key = OaepPublicEncryptingKey::new(key).unwrap();
    let mut room = vec![0; key.ciphertext_size()];
    key.encrypt(&OAEP_SHA256_MGF1SHA256, password.as_bytes(), &mut room, None).unwrap().to_vec()
}

async fn log_in(client: &Client, encrypted: &str, kid: Option<&str>) -> Answer {
    let body = json!({"username": "ada", "encrypted_password": encrypted, "password_kid": kid});
    client.post("/auth/login", body).await
}

async fn an_encrypted_password_registers_and_logs_in(backend: Backend) {
    let app = TestApp::on(backend).start();
    let anonymous = app.anonymous();
    let answer = anonymous.get("/auth/public-key").await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=60"));
    let key = answer.body;
    assert_eq!((&key["alg"], &key["jwk"]["kty"]), (&json!("RSA-OAEP-256"), &json!("RSA")));
    assert_eq!(key["jwk"]["kid"], key["kid"]);
    assert_eq!(URL_SAFE_NO_PAD.decode(key["jwk"]["n"].as_str().unwrap()).unwrap().len(), 384);
    assert!(["d", "p", "q"].iter().all(|private| key["jwk"][*private].is_null()));
    let kid = key["kid"].as_str().unwrap();
    let registration = |password: &str| {
        let encrypted = STANDARD.encode(encrypt(&key, password));
        json!({
            "username": "ada", "email": "ada@example.org", "encrypted_password": encrypted, "password_kid": kid,
        })
    };
    // What is too weak is refused, wherever it came.
    for weak in ["short", "password123", "ada@example.org"] {
        anonymous.post("/auth/register", registration(weak)).await.names("/encrypted_password");
    }
    let mut broken = registration(PASSWORD);
    broken["encrypted_password"] = json!(STANDARD.encode([7; 384]));
    anonymous.post("/auth/register", broken).await.names("/encrypted_password");
    anonymous.post("/auth/register", registration(PASSWORD)).await.expect(201);
    anonymous.post("/auth/login", json!({"username": "ada", "password": PASSWORD})).await.expect(200);
    let encrypted = encrypt(&key, PASSWORD);
    let digits = encrypted.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex: String = digits.map(|digit| char::from_digit(digit.into(), 16).unwrap()).collect();
    for written in [STANDARD.encode(&encrypted), URL_SAFE_NO_PAD.encode(&encrypted), hex.to_uppercase(), hex] {
        log_in(&anonymous, &written, Some(kid)).await.expect(200);
        log_in(&anonymous, &written, None).await.expect(200);
    }
}

async fn a_decrypt_failure_looks_like_a_wrong_password(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    let anonymous = app.anonymous();
    let key = public_key(&anonymous).await;
    let kid = key["kid"].as_str().unwrap();
    let right = encrypt(&key, PASSWORD);
    let mut flipped = right.clone();
    flipped[200] ^= 1;
    let wrong = anonymous.post("/auth/login", json!({"username": "ada", "password": "wrong horse"})).await;
    let wrong = wrong.problem(401, "invalid_credentials").comparable();
    let attempts = || app.database.number("SELECT count(*) FROM login_attempts WHERE failure = 'wrong_password'");
    assert_eq!(attempts(), 1);
    let cases = [
        (encrypt(&key, "wrong horse"), Some(kid)),
        (flipped, Some(kid)),
        (right.clone(), Some("0000000000000000")),
        (right[1..].to_vec(), None),
        ([0; 384].to_vec(), None),
        ([255; 384].to_vec(), Some(kid)),
        (vec![1], None),
        (encrypt(&key, &"x".repeat(129)), None),
    ];
    let count = i64::try_from(cases.len()).unwrap();
    for (encrypted, kid) in cases {
        let answer = log_in(&anonymous, &STANDARD.encode(&encrypted), kid).await;
        assert_eq!(answer.comparable(), wrong);
    }
    assert_eq!(attempts(), 1 + count, "each is recorded as any wrong password is");
}

async fn exactly_one_kind_of_password_is_taken(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    let anonymous = app.anonymous();
    let encrypted = STANDARD.encode(encrypt(&public_key(&anonymous).await, PASSWORD));
    let both = json!({"username": "ada", "password": PASSWORD, "encrypted_password": encrypted});
    anonymous.post("/auth/login", both).await.names("/encrypted_password");
    anonymous.post("/auth/login", json!({"username": "ada"})).await.names("/password");
    log_in(&anonymous, "not base64 !", None).await.names("/encrypted_password");
    log_in(&anonymous, &encrypted, Some("../../../etc/passwd")).await.names("/password_kid");
}

async fn replicas_share_one_key_and_make_it_once(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    // Started before there is a key.
    let replica = app.replica().start();
    let count = || app.database.number("SELECT count(*) FROM server_keys WHERE purpose = 'login'");
    assert_eq!(count(), 0);
    let (one, other) = (app.anonymous(), replica.anonymous());
    let (here, there, again) = tokio::join!(public_key(&one), public_key(&other), public_key(&one));
    assert_eq!(here, there);
    assert_eq!(here, again);
    assert_eq!(count(), 1);
    let encrypted = STANDARD.encode(encrypt(&here, PASSWORD));
    log_in(&other, &encrypted, here["kid"].as_str()).await.expect(200);
    // One that never was asked for the key finds it when it is needed.
    let third = app.replica().start();
    log_in(&third.anonymous(), &encrypted, None).await.expect(200);
}

async fn a_replaced_key_still_decrypts_for_a_while(backend: Backend) {
    let app = TestApp::on(backend).start();
    app.user("ada").await;
    let old = public_key(&app.anonymous()).await;
    let encrypted = STANDARD.encode(encrypt(&old, PASSWORD));
    app.clock.advance(1);
    app.rotate_keys(&[KeyPurpose::Login], Rotation::Planned);
    let replica = app.replica().start();
    assert_eq!(public_key(&replica.anonymous()).await["kid"], old["kid"], "the new one is only announced");
    app.clock.advance(301);
    let new = public_key(&replica.anonymous()).await;
    assert_ne!(new["kid"], old["kid"]);
    log_in(&replica.anonymous(), &encrypted, old["kid"].as_str()).await.expect(200);
    log_in(&replica.anonymous(), &encrypted, None).await.expect(200);
    log_in(&replica.anonymous(), &STANDARD.encode(encrypt(&new, PASSWORD)), None).await.expect(200);
    app.rotate_keys(&[KeyPurpose::Login], Rotation::Emergency);
    let replica = app.replica().start();
    log_in(&replica.anonymous(), &encrypted, old["kid"].as_str()).await.problem(401, "invalid_credentials");
}

async fn wherever_a_password_is_asked_for_it_may_be_encrypted(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, other) = (app.user("ada").await, "a staple and a ladder");
    let key = public_key(&ada).await;
    let kid = key["kid"].as_str().unwrap();
    let sealed = |password: &str| STANDARD.encode(encrypt(&key, password));
    // To change it.
    let change = |current: &str, new: &str| {
        let (current, new) = (sealed(current), sealed(new));
        json!({"encrypted_current_password": current, "encrypted_new_password": new, "password_kid": kid})
    };
    ada.post("/auth/password/change", change(other, other)).await.problem(403, "wrong_password");
    ada.post("/auth/password/change", change(PASSWORD, "short")).await.names("/encrypted_new_password");
    ada.post("/auth/password/change", change(PASSWORD, other)).await.expect(204);
    let mixed = json!({"current_password": other, "encrypted_new_password": sealed(PASSWORD)});
    ada.post("/auth/password/change", mixed).await.expect(204);
    ada.post("/auth/password/change", json!({"new_password": other})).await.names("/current_password");
    // To choose another by a link.
    app.mail().await;
    ada.post("/auth/password/forgot", json!({"email": "ada@example.org"})).await.expect(202);
    let token = app.mail_to("ada@example.org").await.token().to_owned();
    let reset = |password: &str| json!({"token": token, "encrypted_password": sealed(password), "password_kid": kid});
    ada.post("/auth/password/reset", reset("ada@example.org")).await.names("/encrypted_password");
    ada.post("/auth/password/reset", reset(other)).await.expect(204);
    let tokens = log_in(&ada, &sealed(other), Some(kid)).await.expect(200);
    let ada = app.anonymous().signed_in(&tokens.body);
    // To prove once more who one is.
    let proof = |password: &str| json!({"encrypted_password": sealed(password), "password_kid": kid});
    let with = |mut body: Value, password: &str| {
        body.as_object_mut().unwrap().extend(proof(password).as_object().unwrap().clone());
        body
    };
    let email = json!({"email": "countess@example.org"});
    ada.post("/me/email", with(email.clone(), PASSWORD)).await.problem(403, "wrong_password");
    ada.post("/me/email", with(email, other)).await.expect(202);
    let token = json!({"name": "Importer", "scopes": ["read"]});
    ada.post("/me/tokens", with(token.clone(), PASSWORD)).await.problem(403, "wrong_password");
    ada.post("/me/tokens", with(token, other)).await.expect(201);
    ada.call(reqwest::Method::POST, "/me/delete", &proof(PASSWORD)).await.problem(403, "wrong_password");
    ada.call(reqwest::Method::POST, "/me/delete", &proof(other)).await.expect(204);
}
