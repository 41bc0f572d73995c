//! `/me/push-subscriptions`: what browsers are sent, when again, and where nothing is ever sent.

use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use circadia_app::Clock as _;
use circadia_auth::keys::Rotation;
use circadia_domain::keys::KeyPurpose;
use circadia_domain::push_subscriptions::MAX_PUSH_SUBSCRIPTIONS;
use circadia_tests::{Answer, Backend, Builder, Client, Received, Receiver, TestApp, fresh_id, scenarios};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::Method;
use serde_json::{Value, json};

use super::audit::audited;
use super::webhooks::FORBIDDEN;

scenarios!(
    a_browser_is_sent_what_it_alone_can_read,
    a_browser_sends_its_subscription_again,
    an_endpoint_belongs_to_who_signed_in_last,
    an_endpoint_that_is_gone_is_removed,
    what_fails_is_sent_again_once_under_the_same_topic,
    a_service_is_given_the_pause_that_it_asks_for,
    what_a_service_refuses_is_not_sent_again,
    what_has_expired_is_not_sent,
    an_endpoint_that_hangs_holds_no_mail_up,
    what_is_wrong_with_a_subscription_is_named,
    endpoints_that_are_not_public_are_refused,
    endpoints_are_checked_when_something_is_sent,
    the_key_stays_whatever_is_rotated,
    subscriptions_are_their_users_alone,
    subscriptions_are_limited_and_go_with_the_account,
);

/// An app that may send to loopback.
fn with_loopback(backend: Backend) -> Builder {
    TestApp::on(backend).set("CIRCADIA_WEBHOOK_PRIVATE_TARGETS", "true")
}

/// A browser with its keys.
struct Browser {
    key: PrivateKey,
    secret: [u8; 16],
}

/// A length of HKDF's output.
struct Bytes(usize);
impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn derived(salt: &[u8], input: &[u8], info: &[&[u8]], length: usize) -> Vec<u8> {
    let mut out = vec![0; length];
    let pseudorandom = Salt::new(HKDF_SHA256, salt).extract(input);
    pseudorandom.expand(info, Bytes(length)).unwrap().fill(&mut out).unwrap();
    out
}

impl Browser {
    fn new() -> Self {
        Self {
            key: PrivateKey::generate(&ECDH_P256).unwrap(),
            secret: *uuid::Uuid::parse_str(&fresh_id()).unwrap().as_bytes(),
        }
    }

    /// What `JSON.stringify` makes of its subscription.
    fn subscription(&self, endpoint: &str) -> Value {
        json!({
            "endpoint": endpoint,
            "expirationTime": null,
            "keys": {
                "p256dh": URL_SAFE_NO_PAD.encode(self.key.compute_public_key().unwrap()),
                "auth": URL_SAFE_NO_PAD.encode(self.secret),
            },
        })
    }

    async fn subscribe(&self, client: &Client, endpoint: &str) -> String {
        let made = client.post("/me/push-subscriptions", self.subscription(endpoint)).await.expect(201);
        format!("/me/push-subscriptions/{}", made.body["id"].as_str().unwrap())
    }

    /// What it makes of a message (RFC 8291, RFC 8188); `None` if it isn't for it.
    fn decrypted(&self, message: &Received) -> Option<Value> {
        let (salt, rest) = message.body.split_at(16);
        let (size, rest) = rest.split_at(4);
        assert_eq!((size, rest[0]), ([0, 0, 16, 0].as_slice(), 65));
        let (sender, record) = rest[1..].split_at(65);
        let own = self.key.compute_public_key().unwrap();
        let peer = UnparsedPublicKey::new(&ECDH_P256, sender);
        let shared = agree(&self.key, peer, (), |shared| Ok(shared.to_vec())).unwrap();
        let input = derived(&self.secret, &shared, &[b"WebPush: info\0", own.as_ref(), sender], 32);
        let key = derived(salt, &input, &[b"Content-Encoding: aes128gcm\0"], 16);
        let nonce = derived(salt, &input, &[b"Content-Encoding: nonce\0"], 12);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let nonce = Nonce::try_assume_unique_for_key(&nonce).unwrap();
        let mut record = record.to_vec();
        let plain = key.open_in_place(nonce, Aad::empty(), &mut record).ok()?;
        let text = plain.strip_suffix(&[2]).expect("the delimiter of the last record");
        Some(serde_json::from_slice(text).unwrap())
    }
}

/// Has a test sent.
async fn test(client: &Client, path: &str) -> Answer {
    client.call(Method::POST, &format!("{path}/test"), &Value::Null).await.expect(202)
}

/// Waits until a subscription is as it should be.
async fn until(client: &Client, path: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let stored = client.get(path).await.expect(200).body;
        if is_so(&stored) {
            return stored;
        }
        assert!(begun.elapsed() < Duration::from_secs(25), "{what}: {stored}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn list(client: &Client) -> Value {
    client.get("/me/push-subscriptions").await.expect(200).body["items"].clone()
}

/// The jobs that are in a state.
fn jobs(app: &TestApp, state: &str) -> i64 {
    app.database.number(&format!("SELECT count(*) FROM jobs WHERE kind = 'push' AND state = '{state}'"))
}

/// Waits until there are so many jobs in a state.
async fn until_jobs(app: &TestApp, state: &str, count: i64) {
    app.until(&format!("{count} jobs that are {state}"), || jobs(app, state) == count).await;
}

/// Long enough that what is due would have been sent.
async fn a_while() {
    tokio::time::sleep(Duration::from_millis(1_500)).await;
}

async fn public_key(client: &Client) -> String {
    client.get("/config").await.expect(200).body["web_push"]["public_key"].as_str().unwrap().to_owned()
}

async fn a_browser_is_sent_what_it_alone_can_read(backend: Backend) {
    let app = with_loopback(backend).set("CIRCADIA_MAIL_FROM", "Circadia <ops@example.org>").start();
    let (ada, receiver, browser) = (app.user("ada").await, Receiver::start(&[201]), Browser::new());
    let mut sent = browser.subscription(&receiver.url());
    sent["label"] = json!("Ada's phone");
    let made = ada.post("/me/push-subscriptions", sent).await.expect(201);
    let path = format!("/me/push-subscriptions/{}", made.body["id"].as_str().unwrap());
    assert_eq!(made.header("location").unwrap(), format!("/api/v1{path}"));
    let expected = json!({
        "id": made.body["id"], "label": "Ada's phone", "push_service": "127.0.0.1",
        "created_at": "2026-03-11T12:00:00Z", "updated_at": "2026-03-11T12:00:00Z", "last_success_at": null,
        "failing_since": null,
    });
    // Neither the keys, nor where it is.
    assert_eq!(made.body, expected);
    let read = ada.get(&path).await.expect(200);
    assert_eq!((&read.body, read.etag()), (&expected, made.etag()));
    assert_eq!(list(&ada).await, json!([expected]));

    assert_eq!(test(&ada, &path).await.body, expected);
    let message = receiver.until(1).await.remove(0);
    assert_eq!(message.request, "POST /hook?for=circadia HTTP/1.1");
    let header = |name: &str| message.headers[name].to_str().unwrap().to_owned();
    assert_eq!(
        (header("content-encoding"), header("ttl"), header("urgency")),
        ("aes128gcm".into(), "600".into(), "normal".into())
    );
    let topic = header("topic");
    assert!(topic.len() <= 32 && topic.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    let shown = browser.decrypted(&message).unwrap();
    assert_eq!(
        shown,
        json!({"type": "test", "title": "Circadia", "body": "Notifications reach this device.", "tag": "test", "data": null})
    );
    assert_eq!(Browser { secret: browser.secret, ..Browser::new() }.decrypted(&message), None);
    assert_eq!(Browser { secret: [0; 16], ..browser }.decrypted(&message), None);

    // Who sends it, says the key that everybody knows.
    let authorization = header("authorization");
    let (token, key) = authorization.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!(key, public_key(&app.anonymous()).await);
    let point = URL_SAFE_NO_PAD.decode(key).unwrap();
    assert_eq!((point.len(), point[0]), (65, 4));
    let mut validation = Validation::new(Algorithm::ES256);
    validation.validate_exp = false;
    let origin = receiver.url().strip_suffix("/hook?for=circadia").unwrap().to_owned();
    validation.set_audience(&[&origin]);
    let claims = jsonwebtoken::decode::<Value>(token, &DecodingKey::from_ec_der(&point), &validation).unwrap().claims;
    let until_noon = app.clock.now().seconds() + 43_200;
    assert_eq!(claims, json!({"aud": origin, "exp": until_noon, "sub": "mailto:ops@example.org"}));
    let noted = until(&ada, &path, "a success", |stored| !stored["last_success_at"].is_null()).await;
    assert_eq!(noted["last_success_at"], "2026-03-11T12:00:00Z");
    until_jobs(&app, "done", 1).await;

    ada.with_header("if-match", "\"0.0\"").delete(&path).await.problem(412, "precondition_failed");
    ada.with_header("if-match", &made.etag()).delete(&path).await.expect(204);
    ada.delete(&path).await.problem(404, "push_subscription_not_found");
    assert_eq!(list(&ada).await, json!([]));
    assert_eq!((audited(&app, "push_subscribed", "done"), audited(&app, "push_unsubscribed", "done")), (1, 1));
}

async fn a_browser_sends_its_subscription_again(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, receiver) = (app.user("ada").await, Receiver::start(&[]));
    let (old, new) = (Browser::new(), Browser::new());
    let mut sent = old.subscription(&receiver.url());
    (sent["id"], sent["label"]) = (json!(fresh_id()), json!("Phone"));
    let made = ada.post("/me/push-subscriptions", sent.clone()).await.expect(201).body;
    assert_eq!(made["id"], sent["id"]);
    app.clock.advance(60);
    let renewed = ada.post("/me/push-subscriptions", new.subscription(&receiver.url())).await.expect(200).body;
    assert_eq!((&renewed["id"], &renewed["label"]), (&made["id"], &json!("Phone")));
    assert_eq!(
        (&renewed["created_at"], &renewed["updated_at"]),
        (&json!("2026-03-11T12:00:00Z"), &json!("2026-03-11T12:01:00Z"))
    );
    assert_eq!(list(&ada).await, json!([renewed]));
    let path = format!("/me/push-subscriptions/{}", made["id"].as_str().unwrap());
    test(&ada, &path).await;
    let message = receiver.until(1).await.remove(0);
    assert!(new.decrypted(&message).is_some() && old.decrypted(&message).is_none());
    // An id is of one endpoint. Without one, each endpoint has its own.
    sent["endpoint"] = json!(format!("{}&another", receiver.url()));
    ada.post("/me/push-subscriptions", sent.clone()).await.problem(409, "id_taken");
    sent.as_object_mut().unwrap().remove("id");
    ada.post("/me/push-subscriptions", sent).await.expect(201);
    assert_eq!(list(&ada).await.as_array().unwrap().len(), 2);
    assert_eq!(audited(&app, "push_subscribed", "done"), 2, "what is known isn't news");
}

async fn an_endpoint_belongs_to_who_signed_in_last(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let (receiver, browser) = (Receiver::start(&[503]), Browser::new());
    let hers = browser.subscribe(&ada, &receiver.url()).await;
    test(&ada, &hers).await;
    until(&ada, &hers, "a failure", |stored| !stored["failing_since"].is_null()).await;
    // The same browser, where somebody else is signed in now.
    let own = browser.subscribe(&eve, &receiver.url()).await;
    assert_ne!(hers, own);
    ada.get(&hers).await.problem(404, "push_subscription_not_found");
    assert_eq!(list(&ada).await, json!([]));
    // What waited for Ada isn't shown to Eve.
    app.clock.advance(60);
    until_jobs(&app, "done", 1).await;
    assert_eq!(receiver.received().len(), 1);
    test(&eve, &own).await;
    receiver.until(2).await;
}

async fn an_endpoint_that_is_gone_is_removed(backend: Backend) {
    let app = with_loopback(backend).start();
    let ada = app.user("ada").await;
    for (status, count) in [(404, 1), (410, 2)] {
        let (gone, stays) = (Receiver::start(&[status]), Receiver::start(&[]));
        let path = Browser::new().subscribe(&ada, &gone.url()).await;
        Browser::new().subscribe(&ada, &stays.url()).await;
        test(&ada, &path).await;
        until_jobs(&app, "done", count).await;
        ada.get(&path).await.problem(404, "push_subscription_not_found");
        assert_eq!((gone.received().len(), stays.received().len()), (1, 0));
    }
    assert_eq!(list(&ada).await.as_array().unwrap().len(), 2);
}

async fn what_fails_is_sent_again_once_under_the_same_topic(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, receiver, browser) = (app.user("ada").await, Receiver::start(&[503]), Browser::new());
    let path = browser.subscribe(&ada, &receiver.url()).await;
    test(&ada, &path).await;
    let failed = until(&ada, &path, "a failure", |stored| !stored["failing_since"].is_null()).await;
    assert_eq!(failed["failing_since"], "2026-03-11T12:00:00Z");
    app.clock.advance(20);
    let sent = until(&ada, &path, "a success", |stored| !stored["last_success_at"].is_null()).await;
    assert_eq!((&sent["last_success_at"], &sent["failing_since"]), (&json!("2026-03-11T12:00:20Z"), &Value::Null));
    app.clock.advance(3_600);
    a_while().await;
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    let [first, second] = [&received[0], &received[1]];
    assert_eq!(first.headers["topic"], second.headers["topic"]);
    assert_eq!((&first.headers["ttl"], &second.headers["ttl"]), (&"600".parse().unwrap(), &"580".parse().unwrap()));
    assert_eq!(browser.decrypted(first), browser.decrypted(second));
    // Nothing of it can be told from the other: keys and salt are fresh.
    assert_ne!(first.body[..86], second.body[..86]);
}

async fn a_service_is_given_the_pause_that_it_asks_for(backend: Backend) {
    let app = with_loopback(backend).start();
    // With `Retry-After: 300`.
    let (ada, receiver) = (app.user("ada").await, Receiver::start(&[429]));
    let path = Browser::new().subscribe(&ada, &receiver.url()).await;
    test(&ada, &path).await;
    until(&ada, &path, "a failure", |stored| !stored["failing_since"].is_null()).await;
    app.clock.advance(299);
    a_while().await;
    assert_eq!(receiver.received().len(), 1);
    app.clock.advance(1);
    assert_eq!(receiver.until(2).await[1].headers["ttl"], "300");
}

async fn what_a_service_refuses_is_not_sent_again(backend: Backend) {
    let app = with_loopback(backend).start();
    let ada = app.user("ada").await;
    for (status, count) in [(400, 1), (401, 2), (403, 3), (413, 4), (307, 5)] {
        let receiver = Receiver::start(&[status]);
        let path = Browser::new().subscribe(&ada, &receiver.url()).await;
        test(&ada, &path).await;
        until_jobs(&app, "dead", count).await;
        assert!(!ada.get(&path).await.expect(200).body["failing_since"].is_null(), "{status}");
        app.clock.advance(100);
        a_while().await;
        assert_eq!(receiver.received().len(), 1, "{status}");
    }
    // Without the path, which is a secret.
    let told = "SELECT count(*) FROM jobs WHERE last_error = '127.0.0.1: the answer was 413 (Payload Too Large)'";
    assert_eq!(app.database.number(told), 1);
}

async fn what_has_expired_is_not_sent(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, receiver) = (app.user("ada").await, Receiver::start(&[503; 50]));
    let path = Browser::new().subscribe(&ada, &receiver.url()).await;
    test(&ada, &path).await;
    until(&ada, &path, "a failure", |stored| !stored["failing_since"].is_null()).await;
    app.clock.advance(600);
    until_jobs(&app, "done", 1).await;
    assert_eq!(receiver.received().len(), 1);
}

async fn an_endpoint_that_hangs_holds_no_mail_up(backend: Backend) {
    let app = with_loopback(backend).start();
    let (hangs, answers) = (Receiver::start(&[0; 50]), Receiver::start(&[]));
    let eve = app.user("eve").await;
    for number in 0..5 {
        let path = Browser::new().subscribe(&eve, &format!("{}&{number}", hangs.url())).await;
        test(&eve, &path).await;
    }
    hangs.until(5).await;
    let begun = Instant::now();
    let ada = app.user("ada").await;
    test(&ada, &Browser::new().subscribe(&ada, &answers.url()).await).await;
    answers.until(1).await;
    app.until("mail that is sent", || {
        app.database.number("SELECT count(*) FROM jobs WHERE kind = 'mail' AND state <> 'done'") == 0
    })
    .await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

async fn what_is_wrong_with_a_subscription_is_named(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let good = Browser::new().subscription("https://push.example/a");
    let key = URL_SAFE_NO_PAD.decode(good["keys"]["p256dh"].as_str().unwrap()).unwrap();
    let mut off = key.clone();
    off[64] ^= 1;
    for (pointer, wrong) in [
        ("/endpoint", json!("push.example")),
        ("/endpoint", Value::Null),
        ("/keys", Value::Null),
        ("/keys", json!([])),
        ("/keys/p256dh", Value::Null),
        ("/keys/p256dh", json!("")),
        ("/keys/p256dh", json!(URL_SAFE_NO_PAD.encode(&off))),
        ("/keys/p256dh", json!(URL_SAFE_NO_PAD.encode(&key[1..]))),
        ("/keys/p256dh", json!(URL_SAFE_NO_PAD.encode([&[2], &key[1..33]].concat()))),
        ("/keys/auth", json!("AAAA")),
        ("/keys/auth", json!(16)),
        ("/keys/auth", json!(URL_SAFE_NO_PAD.encode([0; 17]))),
        ("/label", json!("x".repeat(101))),
        ("/expirationTime", json!("soon")),
        ("/id", json!("7")),
    ] {
        let mut sent = good.clone();
        if let Some(place) = sent.pointer_mut(pointer) {
            *place = wrong;
        } else {
            sent[&pointer[1..]] = wrong;
        }
        ada.post("/me/push-subscriptions", sent).await.names(pointer);
    }
    let mut sent = good.clone();
    (sent["contentEncoding"], sent["keys"]["x"]) = (json!("aesgcm"), json!(1));
    ada.post("/me/push-subscriptions", sent).await.names("/contentEncoding").names("/keys/x");
    assert_eq!(list(&ada).await, json!([]));
    // Milliseconds, as browsers have them, and keys with padding, as some libraries write them.
    let mut sent = good;
    sent["expirationTime"] = json!(1_790_000_000_123_i64);
    sent["keys"]["auth"] = json!(format!("{}==", sent["keys"]["auth"].as_str().unwrap()));
    ada.post("/me/push-subscriptions", sent).await.expect(201);
}

async fn endpoints_that_are_not_public_are_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let (ada, browser) = (app.user("ada").await, Browser::new());
    for url in FORBIDDEN {
        ada.post("/me/push-subscriptions", browser.subscription(url)).await.names("/endpoint");
    }
    assert_eq!(list(&ada).await, json!([]));
}

/// What was accepted under another configuration isn't sent under a stricter one.
async fn endpoints_are_checked_when_something_is_sent(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, receiver) = (app.user("ada").await, Receiver::start(&[]));
    let path = Browser::new().subscribe(&ada, &receiver.url()).await;
    let strict = app.replica();
    drop(app);
    let strict = strict.start();
    test(&ada.at(&strict.anonymous()), &path).await;
    until_jobs(&strict, "dead", 1).await;
    assert_eq!(receiver.received().len(), 0);
}

async fn the_key_stays_whatever_is_rotated(backend: Backend) {
    let app = TestApp::on(backend).start();
    let key = public_key(&app.anonymous()).await;
    let replica = app.replica().start();
    assert_eq!(public_key(&replica.anonymous()).await, key, "replicas share it");
    app.rotate_keys(&KeyPurpose::ALL, Rotation::Emergency);
    app.clock.advance(600);
    let later = app.replica().start();
    assert_eq!(public_key(&later.anonymous()).await, key);
    assert_eq!(app.database.number("SELECT count(*) FROM server_keys WHERE purpose = 'web_push'"), 1);
    let other = TestApp::on(backend).start();
    assert_ne!(public_key(&other.anonymous()).await, key, "each installation has its own");
}

async fn subscriptions_are_their_users_alone(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, eve, receiver) = (app.user("ada").await, app.user("eve").await, Receiver::start(&[]));
    let path = Browser::new().subscribe(&ada, &receiver.url()).await;
    let own = Browser::new().subscribe(&eve, &format!("{}&eve", receiver.url())).await;
    eve.get(&path).await.problem(404, "push_subscription_not_found");
    eve.delete(&path).await.problem(404, "push_subscription_not_found");
    eve.call(Method::POST, &format!("{path}/test"), &Value::Null).await.problem(404, "push_subscription_not_found");
    assert_eq!(list(&eve).await.as_array().unwrap().len(), 1);
    ada.get(&path).await.expect(200);
    assert_eq!(receiver.received().len(), 0);
    // What an export tells of it: no keys, and not where it is.
    let exported = eve.get("/me/export").await.expect(200).body["account"]["push_subscriptions"].clone();
    let id = own.rsplit('/').next().unwrap();
    assert_eq!(
        exported,
        json!([{
            "id": id, "label": null, "push_service": "127.0.0.1", "created_at": "2026-03-11T12:00:00Z",
            "last_success_at": null,
        }])
    );
}

async fn subscriptions_are_limited_and_go_with_the_account(backend: Backend) {
    let app = with_loopback(backend).start();
    let (ada, receiver, browser) = (app.user("ada").await, Receiver::start(&[0; 5]), Browser::new());
    let mut path = String::new();
    for number in 0..MAX_PUSH_SUBSCRIPTIONS {
        path = browser.subscribe(&ada, &format!("{}&{number}", receiver.url())).await;
    }
    let one_more = browser.subscription(&receiver.url());
    ada.post("/me/push-subscriptions", one_more).await.problem(409, "limit_reached");
    test(&ada, &path).await;
    receiver.until(1).await;
    // While something is being sent.
    ada.post("/me/delete", json!({"password": "correct horse battery"})).await.expect(204);
    assert_eq!(app.database.number("SELECT count(*) FROM push_subscriptions"), 0);
    assert_eq!(app.database.number("SELECT count(*) FROM jobs WHERE kind = 'push'"), 0);
}
