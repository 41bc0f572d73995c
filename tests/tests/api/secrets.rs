//! Secrets that must not be in the database: everything that could open an account, looked for in all that is stored.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use circadia_tests::{Backend, Client, TestApp, scenarios};
use serde_json::{Value, json};

scenarios!(no_secret_is_stored_as_it_is);

const PASSWORD: &str = "correct horse battery";

/// A secret, in every writing in which it could lie somewhere.
struct Secret {
    name: &'static str,
    writings: Vec<Vec<u8>>,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn decoded(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// RFC 4648, without padding.
fn from_base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let digit = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|own| own.eq_ignore_ascii_case(&letter));
        bits = (bits << 5 | u32::try_from(digit.unwrap()).unwrap()) & 0xFFF;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xFF).try_into().unwrap());
        }
    }
    bytes
}

/// One that is written as text, of whose bytes a part is the secret itself.
fn written(name: &'static str, text: &str, secret: &[u8]) -> Secret {
    assert!(secret.len() >= 10, "{name}");
    Secret { name, writings: vec![text.as_bytes().to_vec(), secret.to_vec()] }
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

/// The secret of a webhook that was just made.
fn of_webhook(made: &Value) -> Secret {
    let base64 = text(&made["secret"]).strip_prefix("whsec_").unwrap();
    written("the secret of a webhook", base64, &base64::engine::general_purpose::STANDARD.decode(base64).unwrap())
}

/// The secret of a browser that was subscribed.
async fn subscribed(client: &Client) -> Secret {
    const SECRET: &str = "q83vEjRWeJCrze8SNFZ4kA";
    let mut subscription = super::catalogue::push_subscription();
    subscription["keys"]["auth"] = json!(SECRET);
    client.post("/me/push-subscriptions", subscription).await.expect(201);
    written("a browser's secret", SECRET, &decoded(SECRET))
}

async fn no_secret_is_stored_as_it_is(backend: Backend) {
    let (builder, _provider) = TestApp::on(backend).with_google();
    let app = builder.start();
    let ada = app.user("ada").await;
    let mut secrets = vec![written("the password", PASSWORD, PASSWORD.as_bytes())];
    let signature = ada.token().rsplit('.').next().unwrap();
    secrets.push(written("the access token", signature, &decoded(signature)));
    let refresh = decoded(&ada.refresh_token()[4..]);
    secrets.push(written("the refresh token", &ada.refresh_token()[4..], &refresh[44..]));
    let renewed = app.anonymous().post("/auth/refresh", json!({"refresh_token": ada.refresh_token()})).await;
    let renewed = text(&renewed.expect(200).body["refresh_token"]).to_owned();
    let child = decoded(&renewed[4..]);
    secrets.push(written("the renewed refresh token", &renewed[4..], &child[44..]));
    let browser = app.browser("ada").await;
    let (_, cookie) = browser.cookie().split_once("=crs_").unwrap();
    let id = decoded(cookie);
    secrets.push(written("the cookie", cookie, &id[..32]));
    let csrf = text(&browser.tokens["csrf_token"]);
    secrets.push(written("the CSRF token", csrf, &decoded(csrf)));
    let (personal, _) = super::tokens::with_scopes(&ada, &["read"]).await;
    personal.get("/themes").await.expect(200);
    let own = decoded(&personal.token()[4..]);
    secrets.push(written("the personal access token", &personal.token()[4..], &own[32..64]));
    let webhook = json!({"url": "https://hooks.example/", "events": ["timer.deleted"]});
    let webhook = ada.post("/webhooks", webhook).await.expect(201).body;
    let rotated = ada.post(&format!("/webhooks/{}/secret", text(&webhook["id"])), json!({})).await.expect(200).body;
    secrets.extend([webhook, rotated].iter().map(of_webhook));
    secrets.push(subscribed(&ada).await);
    let shared = ada.post("/me/calendar", json!({})).await.expect(201).body;
    let (_, feed) = text(&shared["path"]).trim_end_matches(".ics").rsplit_once('/').unwrap();
    let calendar = decoded(feed);
    secrets.push(written("the secret of the calendar's address", feed, &calendar[16..]));
    app.anonymous().get(text(&shared["path"])).await.expect(200);
    // By mail.
    app.anonymous().post("/auth/password/forgot", json!({"email": "ada@example.org"})).await.expect(202);
    ada.post("/me/email", json!({"email": "new@example.org", "password": PASSWORD})).await.expect(202);
    let mut mailed = Vec::new();
    for mail in app.mail().await.iter().filter(|mail| mail.text.contains("token=")) {
        let token = decoded(mail.token());
        mailed.push(sha256(&token[17..]));
        secrets.push(written("a token sent by mail", mail.token(), &token[17..]));
    }
    assert_eq!(mailed.len(), 3);
    // The second factor.
    let made = ada.post("/me/totp", json!({"password": PASSWORD})).await.expect(200).body;
    let totp = text(&made["secret"]).to_owned();
    secrets.push(written("the authenticator's secret", &totp, &from_base32(&totp)));
    let authenticator = totp_rs::Totp::from_url(text(&made["otpauth_uri"])).unwrap();
    let code = authenticator.generate(1_773_230_400).to_string();
    let confirmed = ada.post("/me/totp/confirm", json!({"code": code})).await.expect(200).body;
    let mut recovery = Vec::new();
    for code in confirmed["recovery_codes"].as_array().unwrap() {
        let bare = text(code).replace('-', "");
        recovery.push(from_base32(&bare));
        secrets.push(written("a recovery code", text(code), bare.to_uppercase().as_bytes()));
        secrets.push(written("a recovery code", &bare.to_lowercase(), &from_base32(&bare)));
    }
    let credentials = json!({"username": "ada", "password": PASSWORD});
    let asked = app.anonymous().post("/auth/login", credentials).await.problem(401, "second_factor_required");
    let challenge = text(&asked.body["challenge"]);
    secrets.push(written("the challenge", challenge, &decoded(challenge)));
    // On the way to a provider.
    let begun = app.anonymous().get("/auth/providers/google/start").await.expect(302);
    let (pair, _) = begun.header("set-cookie").unwrap().split_once(';').unwrap();
    let (_, pre_login) = pair.split_once('=').unwrap();
    secrets.push(written("the pre-login cookie", pre_login, &decoded(pre_login)));
    for name in ["state=", "nonce="] {
        let (_, rest) = begun.header("location").unwrap().split_once(name).unwrap();
        let value = rest.split('&').next().unwrap();
        secrets.push(written("what is sent to a provider", value, &decoded(value)));
    }
    assert_eq!(app.database.number("SELECT count(*) FROM ephemera"), 2);

    let stored = app.database.everything();
    let finds = |wanted: &[u8]| stored.iter().any(|part| part.windows(wanted.len()).any(|there| there == wanted));
    // What is no secret is found.
    assert!(finds(b"ada@example.org") && finds(&sha256(&own[32..64])));
    for Secret { name, writings } in &secrets {
        for writing in writings {
            assert!(!finds(writing), "{name} is stored as it is");
        }
    }
    assert_eq!(secrets.len(), 39);

    // What is there instead is what it is said to be.
    let count = |table: &str, column: &str, value: &[u8]| {
        let literal = app.database.literal(value);
        app.database.number(&format!("SELECT count(*) FROM {table} WHERE {column} = {literal}"))
    };
    assert_eq!(count("sessions", "secret_hash", &sha256(&child[44..])), 1);
    assert_eq!(count("sessions", "secret_hash", &sha256(&id[..32])), 1);
    assert_eq!(count("ephemera", "key_hash", &sha256(&id[..32])), 1);
    assert_eq!(count("personal_tokens", "secret_hash", &sha256(&own[32..64])), 1);
    assert_eq!(count("calendar_feeds", "secret_hash", &sha256(&calendar[16..])), 1);
    for hash in mailed {
        assert_eq!(count("one_time_tokens", "token_hash", &hash), 1);
    }
    for code in recovery {
        // Short enough to be tried out, so hashed under a key that isn't there.
        assert_eq!(count("recovery_codes", "code_hash", &sha256(&code)), 0);
    }
    let hashed = "SELECT count(*) FROM recovery_codes WHERE length(code_hash) = 32";
    assert_eq!(app.database.number(hashed), 10);
    let argon = "SELECT count(*) FROM users WHERE password_hash LIKE '$argon2id$%'";
    assert_eq!(app.database.number(argon), 1);
}
