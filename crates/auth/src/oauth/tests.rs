//! A scripted provider without a network. (The black-box tests have a real one.)

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::*;
use crate::bytes::{base64url, sha256};
use crate::testing::{NOW, Seeded};

const ISSUER: &str = "https://issuer.example";

/// Answers by path; counts how often each was asked for.
struct Scripted {
    answers: Mutex<HashMap<&'static str, (u16, String)>>,
    asked: Mutex<Vec<String>>,
    key: EcdsaKeyPair,
    failing: AtomicUsize,
}

impl HttpClient for Scripted {
    fn send(&self, request: HttpRequest) -> ResponseFuture<'_> {
        let path = request.uri().path().to_owned();
        self.asked.lock().unwrap().push(path.clone());
        let answer = self.answers.lock().unwrap().get(path.as_str()).cloned();
        let failing = self.failing.load(Ordering::SeqCst) > 0;
        Box::pin(std::future::ready(match answer {
            Some((status, body)) if !failing => {
                Ok(oauth2::http::Response::builder().status(status).body(body.into_bytes()).unwrap())
            }
            _ => Err(HttpFailure("nobody is there".to_owned())),
        }))
    }
}

impl Scripted {
    fn new() -> Arc<Self> {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).unwrap();
        let scripted = Self { answers: Mutex::default(), asked: Mutex::default(), key, failing: AtomicUsize::new(0) };
        scripted.metadata(&json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{ISSUER}/authorize"),
            "token_endpoint": format!("{ISSUER}/token"),
            "jwks_uri": format!("{ISSUER}/keys"),
        }));
        scripted.publish("k1");
        Arc::new(scripted)
    }

    fn answer(&self, path: &'static str, status: u16, body: &Value) {
        self.answers.lock().unwrap().insert(path, (status, body.to_string()));
    }

    fn metadata(&self, metadata: &Value) {
        self.answer("/.well-known/openid-configuration", 200, metadata);
    }

    fn publish(&self, kid: &str) {
        let key = self.jwk(kid);
        self.answer("/keys", 200, &json!({"keys": [{"kty": "oct", "kid": "x"}, "no key", key]}));
    }

    fn jwk(&self, kid: &str) -> Value {
        let public = self.key.public_key().as_ref();
        json!({
            "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256",
            "x": base64url(&public[1..33]), "y": base64url(&public[33..65]),
        })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let message =
            format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
        let signature = self.key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", base64url(signature.as_ref()))
    }

    fn give(&self, id_token: &str) {
        let body = json!({"access_token": "x", "token_type": "Bearer", "expires_in": 3600, "id_token": id_token});
        self.answer("/token", 200, &body);
    }

    fn asked_for(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }
}

fn provider(http: &Arc<Scripted>) -> OpenIdProvider {
    provider_at(ISSUER, http)
}

fn provider_at(issuer: &str, http: &Arc<Scripted>) -> OpenIdProvider {
    let settings = ProviderSettings {
        issuer: issuer.to_owned(),
        client_id: "circadia".to_owned(),
        client_secret: "hush".to_owned(),
        redirect_url: "https://api.example.org/callback".parse().unwrap(),
    };
    OpenIdProvider::new(settings, http.clone())
}

async fn begin(provider: &OpenIdProvider) -> Result<StartedFlow, OAuthError> {
    let entropy = Seeded::new(3);
    let browser = Browser::fresh(&entropy);
    provider.begin(Purpose::SignIn, Completion::Browser, LocalPath::home(), Some(&browser), &entropy, NOW).await
}

fn header() -> Value {
    json!({"alg": "ES256", "kid": "k1", "typ": "JWT"})
}

fn claims(pending: &Pending) -> Value {
    json!({
        "iss": ISSUER, "sub": "110169", "aud": "circadia", "exp": NOW.seconds() + 3600, "iat": NOW.seconds(),
        "nonce": pending.nonce(), "email": "Ada@Example.org", "email_verified": true,
    })
}

fn reason(outcome: Result<Profile, OAuthError>) -> String {
    outcome.unwrap_err().to_string()
}

#[tokio::test]
async fn the_browser_is_sent_with_everything_that_the_flow_needs() {
    let http = Scripted::new();
    let begun = begin(&provider(&http)).await.unwrap();
    let query: HashMap<String, String> = begun.url.query_pairs().into_owned().collect();
    assert!(begun.url.as_str().starts_with("https://issuer.example/authorize?"));
    let challenge = base64url(&sha256(begun.pending.verifier().as_bytes()));
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "circadia"),
        ("redirect_uri", "https://api.example.org/callback"),
        ("scope", "openid email"),
        ("state", &begun.state.text()),
        ("nonce", begun.pending.nonce()),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(query.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(query.get("prompt"), None, "another provider may refuse what only Google knows");
    let secrets = [&begun.state.text(), begun.pending.nonce(), begun.pending.verifier()].map(str::to_owned);
    assert!(secrets[0] != secrets[1] && secrets[1] != secrets[2] && secrets[0] != secrets[2]);
    assert!(secrets.iter().all(|secret| secret.len() == 43));
}

#[tokio::test]
async fn google_is_asked_to_let_people_select_their_account() {
    let http = Scripted::new();
    http.metadata(&json!({
        "issuer": id_token::GOOGLE_ISSUER,
        "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
        "token_endpoint": "https://oauth2.googleapis.com/token",
        "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
    }));
    let begun = begin(&provider_at(id_token::GOOGLE_ISSUER, &http)).await.unwrap();
    assert!(begun.url.query_pairs().any(|(name, value)| name == "prompt" && value == "select_account"));
}

#[tokio::test]
async fn a_token_that_says_what_it_must_is_believed() {
    let http = Scripted::new();
    let provider = provider(&http);
    let pending = begin(&provider).await.unwrap().pending;
    let mut told = claims(&pending);
    http.give(&http.sign(&header(), &told));
    let profile = provider.finish(&pending, "code".to_owned(), NOW).await.unwrap();
    assert_eq!((profile.subject.as_str(), profile.email.as_str()), ("110169", "ada@example.org"));
    // Several audiences with us as the party it was issued to; the address verified in words; clocks that differ.
    told["aud"] = json!(["other", "circadia"]);
    told["azp"] = json!("circadia");
    told["email_verified"] = json!("true");
    told["exp"] = json!(NOW.seconds() - 59);
    told["iat"] = json!(NOW.seconds() + 59);
    http.give(&http.sign(&json!({"alg": "ES256", "kid": "k1"}), &told));
    provider.finish(&pending, "code".to_owned(), NOW).await.unwrap();
    // What was fetched once wasn't again.
    assert_eq!((http.asked_for("/.well-known/openid-configuration"), http.asked_for("/keys")), (1, 1));
}

#[tokio::test]
async fn a_token_with_a_wrong_claim_is_not_believed() {
    let http = Scripted::new();
    let provider = provider(&http);
    let pending = begin(&provider).await.unwrap().pending;
    let now = NOW.seconds();
    for (member, value, wanted) in [
        ("iss", json!("https://evil.example"), "another provider"),
        ("iss", json!("https://issuer.example/"), "another provider"),
        ("iss", json!("issuer.example"), "another provider"),
        ("aud", json!("other"), "meant for another client"),
        ("aud", json!([]), "meant for another client"),
        ("aud", json!(["circadia", "other"]), "doesn't say to whom"),
        ("azp", json!("other"), "issued to another client"),
        ("exp", json!(now - 60), "expired"),
        ("exp", json!(i64::MIN), "expired"),
        ("exp", Value::Null, "can't be read"),
        ("iat", json!(now + 61), "in the future"),
        ("iat", Value::Null, "can't be read"),
        ("nonce", json!("other"), "another sign-in"),
        ("nonce", Value::Null, "another sign-in"),
        ("sub", json!(""), "subject"),
        ("sub", json!(7), "can't be read"),
        ("email_verified", json!(false), "vouch"),
        ("email_verified", json!("yes"), "vouch"),
        ("email_verified", Value::Null, "vouch"),
        ("email", Value::Null, "vouch"),
        ("email", json!("no address"), "vouch"),
    ] {
        let mut told = claims(&pending);
        told[member] = value.clone();
        http.give(&http.sign(&header(), &told));
        let refused = reason(provider.finish(&pending, "code".to_owned(), NOW).await);
        assert!(refused.contains(wanted), "{member} {value}: {refused}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_signed_as_it_should_be_is_not_believed() {
    let http = Scripted::new();
    let provider = provider(&http);
    let pending = begin(&provider).await.unwrap().pending;
    let told = claims(&pending);
    let good = http.sign(&header(), &told);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let part = |value: &Value| base64url(value.to_string().as_bytes());
    let mut other = told.clone();
    other["sub"] = json!("somebody else");
    let mut twice = told.to_string();
    twice.insert_str(1, "\"sub\":\"1\",");
    let twice_signed = {
        let message = format!("{}.{}", part(&header()), base64url(twice.as_bytes()));
        let signature = http.key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", base64url(signature.as_ref()))
    };
    for (how, token) in [
        ("none", format!("{}.{}.", part(&json!({"alg": "none", "kid": "k1"})), part(&told))),
        ("HS256", http.sign(&json!({"alg": "HS256", "kid": "k1"}), &told)),
        ("RS256 with a key for ES256", http.sign(&json!({"alg": "RS256", "kid": "k1"}), &told)),
        ("ES384", http.sign(&json!({"alg": "ES384", "kid": "k1"}), &told)),
        ("unknown kid", http.sign(&json!({"alg": "ES256", "kid": "../k1"}), &told)),
        ("no kid", http.sign(&json!({"alg": "ES256"}), &told)),
        ("its own key", http.sign(&json!({"alg": "ES256", "kid": "mine", "jwk": http.jwk("mine")}), &told)),
        ("an access token", http.sign(&json!({"alg": "ES256", "kid": "k1", "typ": "at+jwt"}), &told)),
        ("critical extensions", http.sign(&json!({"alg": "ES256", "kid": "k1", "crit": ["b64"], "b64": false}), &told)),
        ("no signature", format!("{message}.")),
        ("other claims", format!("{}.{}.{signature}", part(&header()), part(&other))),
        ("a claim twice", twice_signed),
        ("two parts", format!("{}.{}", part(&header()), part(&told))),
        ("too long", format!("{good}{}", "A".repeat(20_000))),
        ("nonsense", "nonsense".to_owned()),
        ("nothing", String::new()),
    ] {
        http.give(&token);
        let outcome = provider.finish(&pending, "code".to_owned(), NOW).await;
        assert!(matches!(outcome, Err(OAuthError::TokenInvalid(_))), "{how}: {outcome:?}");
    }
    http.answer("/token", 200, &json!({"access_token": "x", "token_type": "Bearer"}));
    let outcome = provider.finish(&pending, "code".to_owned(), NOW).await;
    assert!(matches!(outcome, Err(OAuthError::TokenInvalid(_))), "{outcome:?}");
}

#[tokio::test]
async fn keys_are_for_one_algorithm_and_for_signatures() {
    let http = Scripted::new();
    for (member, value, usable) in [
        ("use", json!("sig"), true),
        ("use", Value::Null, true),
        ("alg", Value::Null, true),
        ("use", json!("enc"), false),
        ("alg", json!("ES384"), false),
        ("alg", json!("RS256"), false),
        ("crv", json!("P-384"), false),
        ("kid", Value::Null, false),
    ] {
        let mut key = http.jwk("k1");
        if value.is_null() {
            key.as_object_mut().unwrap().remove(member);
        } else {
            key[member] = value.clone();
        }
        http.answer("/keys", 200, &json!({"keys": [key]}));
        let provider = provider(&http);
        let pending = begin(&provider).await.unwrap().pending;
        http.give(&http.sign(&header(), &claims(&pending)));
        let outcome = provider.finish(&pending, "code".to_owned(), NOW).await;
        assert_eq!(outcome.is_ok(), usable, "{member} {value}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_key_that_was_made_since_is_looked_for_once_a_minute() {
    let http = Scripted::new();
    let provider = provider(&http);
    let pending = begin(&provider).await.unwrap().pending;
    http.give(&http.sign(&header(), &claims(&pending)));
    let finish = async |now| provider.finish(&pending, "code".to_owned(), now).await;
    finish(NOW).await.unwrap();
    http.publish("k2");
    http.give(&http.sign(&json!({"alg": "ES256", "kid": "k2"}), &claims(&pending)));
    finish(NOW).await.unwrap();
    assert_eq!(http.asked_for("/keys"), 2);
    http.give(&http.sign(&json!({"alg": "ES256", "kid": "k3"}), &claims(&pending)));
    for _ in 0..5 {
        assert!(reason(finish(NOW.plus_seconds(59)).await).contains("doesn't publish"));
    }
    assert_eq!(http.asked_for("/keys"), 2);
    assert!(reason(finish(NOW.plus_seconds(60)).await).contains("doesn't publish"));
    assert_eq!(http.asked_for("/keys"), 3);
    // After an hour, everything is fetched again.
    http.give(&http.sign(&json!({"alg": "ES256", "kid": "k2"}), &claims(&pending)));
    finish(NOW.plus_seconds(3_600)).await.unwrap();
    assert_eq!((http.asked_for("/keys"), http.asked_for("/.well-known/openid-configuration")), (3, 2));
    finish(NOW.plus_seconds(3_660)).await.unwrap_err();
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_left_alone_for_a_while() {
    let http = Scripted::new();
    let provider = provider(&http);
    http.failing.store(1, Ordering::SeqCst);
    let entropy = Seeded::new(3);
    let browser = Browser::fresh(&entropy);
    let begin = async |now| {
        provider.begin(Purpose::SignIn, Completion::Browser, LocalPath::home(), Some(&browser), &entropy, now).await
    };
    for _ in 0..3 {
        assert!(matches!(begin(NOW).await, Err(OAuthError::Unavailable(_))));
    }
    assert_eq!(http.asked_for("/.well-known/openid-configuration"), 1);
    http.failing.store(0, Ordering::SeqCst);
    assert!(matches!(begin(NOW.plus_seconds(4)).await, Err(OAuthError::Unavailable(_))));
    begin(NOW.plus_seconds(5)).await.unwrap();
}

#[tokio::test]
async fn a_provider_is_who_it_says_it_is_and_keeps_its_secrets() {
    for (member, value) in [
        ("issuer", json!("https://evil.example")),
        ("issuer", json!("https://issuer.example/")),
        ("token_endpoint", json!("http://issuer.example/token")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("jwks_uri", json!("file:///etc/passwd")),
        ("jwks_uri", json!("/keys")),
        ("token_endpoint", Value::Null),
    ] {
        let http = Scripted::new();
        let mut metadata = json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{ISSUER}/authorize"),
            "token_endpoint": format!("{ISSUER}/token"),
            "jwks_uri": format!("{ISSUER}/keys"),
        });
        metadata[member] = value.clone();
        http.metadata(&metadata);
        let outcome = begin(&provider(&http)).await;
        assert!(matches!(outcome, Err(OAuthError::Unavailable(_))), "{member} {value}: {outcome:?}");
    }
}

#[tokio::test]
async fn the_provider_s_refusal_is_told_apart_from_its_failure() {
    let http = Scripted::new();
    let provider = provider(&http);
    let pending = begin(&provider).await.unwrap().pending;
    let finish = async || provider.finish(&pending, "code".to_owned(), NOW).await;
    http.answer("/token", 400, &json!({"error": "invalid_grant"}));
    assert!(matches!(finish().await, Err(OAuthError::CodeRefused(reason)) if reason == "invalid_grant"));
    http.answer("/token", 500, &json!("secret things"));
    let refused = finish().await.unwrap_err();
    assert!(matches!(&refused, OAuthError::Unavailable(_)) && !refused.to_string().contains("secret"), "{refused}");
    http.answer("/token", 302, &json!({}));
    assert!(matches!(finish().await, Err(OAuthError::Unavailable(_))));
}
