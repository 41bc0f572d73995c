//! A scripted provider without a network. (The black-box tests have a real one.)

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use circadia_domain::identities::{Issuer, ProviderName};
use serde_json::{Value, json};

use super::*;
use crate::bytes::{base64url, sha256};
use crate::testing::{NOW, Seeded};

const ISSUER: &str = "https://issuer.example";

/// Answers by path; counts how often each was asked for.
struct Scripted {
    answers: Mutex<HashMap<&'static str, (u16, String)>>,
    asked: Mutex<Vec<String>>,
    /// The latest request to the token endpoint: its `Authorization`, and its body.
    exchanged: Mutex<(Option<String>, String)>,
    key: EcdsaKeyPair,
    failing: AtomicUsize,
    /// Milliseconds that each answer takes.
    delay: AtomicU64,
}

impl HttpClient for Scripted {
    fn send(&self, request: HttpRequest) -> ResponseFuture<'_> {
        let path = request.uri().path().to_owned();
        self.asked.lock().unwrap().push(path.clone());
        let authorization = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
        if path == "/token" {
            *self.exchanged.lock().unwrap() = (authorization, String::from_utf8(request.body().clone()).unwrap());
        }
        let answer = self.answers.lock().unwrap().get(path.as_str()).cloned();
        let failing = self.failing.load(Ordering::SeqCst) > 0;
        let delay = Duration::from_millis(self.delay.load(Ordering::SeqCst));
        Box::pin(async move {
            tokio::time::sleep(delay).await;
            match answer {
                Some((status, body)) if !failing => {
                    Ok(oauth2::http::Response::builder().status(status).body(body.into_bytes()).unwrap())
                }
                _ => Err(HttpFailure("nobody is there".to_owned())),
            }
        })
    }
}

impl Scripted {
    fn new() -> Arc<Self> {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).unwrap();
        let scripted = Self {
            answers: Mutex::default(),
            asked: Mutex::default(),
            exchanged: Mutex::default(),
            key,
            failing: AtomicUsize::new(0),
            delay: AtomicU64::new(0),
        };
        scripted.metadata(&metadata());
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

/// The discovery document.
fn metadata() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}/token"),
        "jwks_uri": format!("{ISSUER}/keys"),
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    })
}

fn settings() -> ProviderSettings {
    ProviderSettings {
        name: ProviderName::parse("work").unwrap(),
        title: "Work".to_owned(),
        issuer: Issuer::parse(ISSUER).unwrap(),
        tenants: Vec::new(),
        client_id: "circadia".to_owned(),
        client_secret: ClientSecret::shared("hush"),
        redirect_url: "https://api.example.org/callback".parse().unwrap(),
        scopes: ["openid", "email"].map(str::to_owned).into(),
        response_mode: ResponseMode::Query,
        trusts_emails: false,
    }
}

fn provider(http: &Arc<Scripted>) -> OpenIdProvider {
    OpenIdProvider::new(settings(), http.clone())
}

async fn begin(provider: &OpenIdProvider) -> Result<StartedFlow, OAuthError> {
    let entropy = Seeded::new(3);
    let browser = Browser::fresh(&entropy);
    provider.begin(Purpose::SignIn, Completion::Browser, LocalPath::home(), Some(&browser), &entropy, NOW).await
}

fn with(mut document: Value, member: &str, value: Value) -> Value {
    document[member] = value;
    document
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
        "issuer": GOOGLE_ISSUER,
        "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
        "token_endpoint": "https://oauth2.googleapis.com/token",
        "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
    }));
    let google = ProviderSettings { issuer: Issuer::parse(GOOGLE_ISSUER).unwrap(), ..settings() };
    let begun = begin(&OpenIdProvider::new(google, http.clone())).await.unwrap();
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
async fn a_provider_that_is_slow_at_every_step_is_given_up() {
    let http = Scripted::new();
    let mut provider = provider(&http);
    provider.finish_timeout = Duration::from_millis(300);
    let pending = begin(&provider).await.unwrap().pending;
    http.give(&http.sign(&header(), &claims(&pending)));
    // Soon enough each, but not one after the other.
    http.delay.store(200, Ordering::SeqCst);
    let outcome = provider.finish(&pending, "code".to_owned(), NOW).await;
    assert!(matches!(&outcome, Err(OAuthError::Unavailable(reason)) if reason.contains("too long")), "{outcome:?}");
    http.delay.store(0, Ordering::SeqCst);
    provider.finish(&pending, "code".to_owned(), NOW).await.unwrap();
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
        ("userinfo_endpoint", json!("http://127.0.0.1/userinfo")),
        ("token_endpoint", Value::Null),
    ] {
        let http = Scripted::new();
        http.metadata(&with(metadata(), member, value.clone()));
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

#[tokio::test]
async fn tokens_are_signed_as_the_provider_says_that_it_signs_them() {
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};

    let http = Scripted::new();
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let ed = Ed25519KeyPair::generate().unwrap();
    let public = rsa.public_key();
    let mut rsa_key = json!({
        "kty": "RSA", "kid": "rsa",
        "n": base64url(public.modulus().big_endian_without_leading_zero()),
        "e": base64url(public.exponent().big_endian_without_leading_zero()),
    });
    let ed_key = json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": base64url(ed.public_key().as_ref())});
    let by_rsa = |encoding: &'static dyn RsaEncoding, message: &[u8]| {
        let mut signature = vec![0; rsa.public_modulus_len()];
        rsa.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    };
    let sign = |algorithm: &str, message: &[u8]| match algorithm {
        "RS256" => ("rsa", by_rsa(&RSA_PKCS1_SHA256, message)),
        "PS256" => ("rsa", by_rsa(&RSA_PSS_SHA256, message)),
        "EdDSA" => ("ed", ed.sign(message).as_ref().to_vec()),
        _ => ("k1", http.key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()),
    };
    for (said, stated, accepted) in [
        (json!(["RS256", "PS256", "ES256", "EdDSA"]), Value::Null, &["RS256", "PS256", "ES256", "EdDSA"][..]),
        (json!(["RS256", "PS256", "ES256", "EdDSA"]), json!("PS256"), &["PS256", "ES256", "EdDSA"]),
        (json!(["PS256", "EdDSA"]), Value::Null, &["PS256", "EdDSA"]),
        (json!(["ES256", "HS256", "none"]), Value::Null, &["ES256"]),
        // It must say; what it must support is accepted.
        (Value::Null, Value::Null, &["RS256"]),
    ] {
        http.metadata(&with(metadata(), "id_token_signing_alg_values_supported", said.clone()));
        if stated.is_string() {
            rsa_key["alg"] = stated.clone();
        }
        http.answer("/keys", 200, &json!({"keys": [rsa_key, ed_key, http.jwk("k1")]}));
        if let Some(members) = rsa_key.as_object_mut() {
            members.remove("alg");
        }
        let provider = provider(&http);
        let pending = begin(&provider).await.unwrap().pending;
        for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
            let kid = sign(algorithm, b"").0;
            let header = json!({"alg": algorithm, "kid": kid}).to_string();
            let message =
                format!("{}.{}", base64url(header.as_bytes()), base64url(claims(&pending).to_string().as_bytes()));
            let signature = sign(algorithm, message.as_bytes()).1;
            http.give(&format!("{message}.{}", base64url(&signature)));
            let outcome = provider.finish(&pending, "code".to_owned(), NOW).await;
            assert_eq!(outcome.is_ok(), accepted.contains(&algorithm), "{algorithm} of {said} {stated}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn the_client_secret_is_sent_in_a_way_that_the_provider_accepts() {
    for (methods, basic) in [
        (Value::Null, Some(true)),
        (json!(["client_secret_basic"]), Some(true)),
        (json!(["client_secret_post", "client_secret_basic"]), Some(true)),
        (json!(["client_secret_post"]), Some(false)),
        (json!(["private_key_jwt", "tls_client_auth"]), None),
    ] {
        let http = Scripted::new();
        http.metadata(&with(metadata(), "token_endpoint_auth_methods_supported", methods.clone()));
        let provider = provider(&http);
        let pending = begin(&provider).await.unwrap().pending;
        http.give(&http.sign(&header(), &claims(&pending)));
        let outcome = provider.finish(&pending, "code".to_owned(), NOW).await;
        let (authorization, body) = http.exchanged.lock().unwrap().clone();
        assert_eq!(outcome.is_ok(), basic.is_some(), "{methods}: {outcome:?}");
        assert_eq!(authorization.is_some(), basic == Some(true), "{methods}");
        assert_eq!(body.contains("client_secret=hush"), basic == Some(false), "{methods}: {body}");
    }
}

#[tokio::test]
async fn a_client_secret_is_signed_for_each_request_where_there_is_a_key_for_it() {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).unwrap();
    let pem =
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(document.as_ref()));
    for wrong in ["", "hush", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"] {
        assert!(ClientSecret::signed("TEAM", "KEY", wrong).is_none(), "{wrong}");
    }
    let http = Scripted::new();
    http.metadata(&with(metadata(), "token_endpoint_auth_methods_supported", json!(["client_secret_post"])));
    let client_secret = ClientSecret::signed("TEAM", "KEY", &pem).unwrap();
    assert_eq!(format!("{client_secret:?}"), "ClientSecret(..)");
    let provider = OpenIdProvider::new(
        ProviderSettings { client_secret, response_mode: ResponseMode::FormPost, ..settings() },
        http.clone(),
    );
    let begun = begin(&provider).await.unwrap();
    assert!(begun.url.query_pairs().any(|(name, value)| name == "response_mode" && value == "form_post"));
    http.give(&http.sign(&header(), &claims(&begun.pending)));
    provider.finish(&begun.pending, "code".to_owned(), NOW).await.unwrap();
    let body = http.exchanged.lock().unwrap().1.clone();
    let form: HashMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let token = &form["client_secret"];
    let (message, signature) = token.rsplit_once('.').unwrap();
    let key = jsonwebtoken::DecodingKey::from_ec_der(pair.public_key().as_ref());
    assert!(jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, jsonwebtoken::Algorithm::ES256).unwrap());
    let part = |text: &str| -> Value { serde_json::from_slice(&crate::bytes::from_base64url(text).unwrap()).unwrap() };
    let (sent_header, sent_claims) = message.split_once('.').unwrap();
    assert_eq!(part(sent_header), json!({"typ": "JWT", "alg": "ES256", "kid": "KEY"}));
    let (iat, exp) = (NOW.seconds(), NOW.seconds() + 300);
    assert_eq!(part(sent_claims), json!({"iss": "TEAM", "sub": "circadia", "aud": ISSUER, "iat": iat, "exp": exp}));
}

#[tokio::test]
async fn an_address_that_is_not_in_the_token_is_asked_for() {
    let http = Scripted::new();
    http.metadata(&with(metadata(), "userinfo_endpoint", json!(format!("{ISSUER}/userinfo"))));
    let provider = provider(&http);
    let pending = begin(&provider).await.unwrap().pending;
    let mut told = claims(&pending);
    http.give(&http.sign(&header(), &told));
    provider.finish(&pending, "code".to_owned(), NOW).await.unwrap();
    assert_eq!(http.asked_for("/userinfo"), 0, "the token has said it");
    for member in ["email", "email_verified"] {
        told.as_object_mut().unwrap().remove(member);
    }
    http.give(&http.sign(&header(), &told));
    for (info, wanted) in [
        (json!({"sub": "110169", "email": "ada@example.org", "email_verified": true}), Ok("ada@example.org")),
        (json!({"sub": "110169", "email": "ada@example.org", "email_verified": false}), Err("vouch")),
        (json!({"sub": "110169"}), Err("vouch")),
        (json!({"sub": "2", "email": "ada@example.org", "email_verified": true}), Err("another user")),
        (json!({"email": "ada@example.org", "email_verified": true}), Err("can't be read")),
    ] {
        http.answer("/userinfo", 200, &info);
        let outcome = provider.finish(&pending, "code".to_owned(), NOW).await;
        match (outcome, wanted) {
            (Ok(profile), Ok(email)) => assert_eq!(profile.email.as_str(), email),
            (Err(error), Err(reason)) => assert!(error.to_string().contains(reason), "{info}: {error}"),
            (outcome, _) => panic!("{info}: {outcome:?}"),
        }
    }
    http.answer("/userinfo", 503, &json!({}));
    let outcome = provider.finish(&pending, "code".to_owned(), NOW).await;
    assert!(matches!(outcome, Err(OAuthError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn addresses_count_as_verified_if_that_is_configured_and_not_denied() {
    let http = Scripted::new();
    let trusting = OpenIdProvider::new(ProviderSettings { trusts_emails: true, ..settings() }, http.clone());
    let pending = begin(&trusting).await.unwrap().pending;
    for (verified, accepted) in [
        (Value::Null, true),
        (json!(true), true),
        (json!("true"), true),
        (json!(false), false),
        (json!("false"), false),
    ] {
        http.give(&http.sign(&header(), &with(claims(&pending), "email_verified", verified.clone())));
        let outcome = trusting.finish(&pending, "code".to_owned(), NOW).await;
        assert_eq!(outcome.is_ok(), accepted, "{verified}: {outcome:?}");
    }
}

#[tokio::test]
async fn of_tenants_that_share_a_provider_only_those_that_are_configured_are_believed() {
    const SHARED: &str = "https://issuer.example/organizations/v2.0";
    let of_tenant = |tenant: &str| format!("https://issuer.example/{tenant}/v2.0");
    let http = Scripted::new();
    let document = with(metadata(), "issuer", json!(of_tenant("{tenantid}")));
    http.answer("/organizations/v2.0/.well-known/openid-configuration", 200, &document);
    let of_ours = with(http.jwk("ours"), "issuer", json!(of_tenant("{tenantid}")));
    let of_third = with(http.jwk("third"), "issuer", json!(of_tenant("t3")));
    http.answer("/keys", 200, &json!({"keys": [of_ours, of_third]}));
    let tenants = ["t1", "t2"].map(str::to_owned).into();
    let shared = ProviderSettings { issuer: Issuer::parse(SHARED).unwrap(), tenants, ..settings() };
    let provider = OpenIdProvider::new(shared, http.clone());
    let pending = begin(&provider).await.unwrap().pending;
    for (issuer, kid, accepted) in [
        (of_tenant("t1"), "ours", true),
        (of_tenant("t2"), "ours", true),
        (of_tenant("t3"), "ours", false),
        (of_tenant("t3"), "third", false),
        (of_tenant("t1"), "third", false),
        (of_tenant("{tenantid}"), "ours", false),
        (SHARED.to_owned(), "ours", false),
        (ISSUER.to_owned(), "ours", false),
    ] {
        let header = json!({"alg": "ES256", "kid": kid});
        http.give(&http.sign(&header, &with(claims(&pending), "iss", json!(issuer))));
        let outcome = provider.finish(&pending, "code".to_owned(), NOW).await;
        assert_eq!(outcome.is_ok(), accepted, "{issuer} {kid}: {outcome:?}");
        if let Ok(profile) = outcome {
            assert_eq!(profile.issuer.as_str(), issuer, "tenants are told apart");
        }
    }
    // Without tenants, a document with a placeholder is another issuer's.
    let alone = ProviderSettings { issuer: Issuer::parse(SHARED).unwrap(), ..settings() };
    let outcome = begin(&OpenIdProvider::new(alone, http.clone())).await;
    assert!(matches!(outcome, Err(OAuthError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn the_issuer_of_a_redirect_is_right_and_there_if_it_always_is() {
    for (supported, missing) in [(Value::Null, true), (json!(false), true), (json!(true), false)] {
        let http = Scripted::new();
        if !supported.is_null() {
            http.metadata(&with(metadata(), "authorization_response_iss_parameter_supported", supported.clone()));
        }
        let provider = provider(&http);
        assert!(provider.is_issuer(Some(ISSUER), NOW).await.unwrap());
        for wrong in ["", "https://evil.example", "https://issuer.example/"] {
            assert!(!provider.is_issuer(Some(wrong), NOW).await.unwrap(), "{wrong}");
        }
        assert_eq!(provider.is_issuer(None, NOW).await.unwrap(), missing, "{supported}");
    }
}

#[tokio::test]
async fn in_development_endpoints_are_on_this_machine_or_safe() {
    const LOCAL: &str = "http://127.0.0.1:9000";
    for (endpoint, good) in [
        ("http://127.0.0.1:9000/token", true),
        ("http://localhost:9000/token", true),
        ("http://[::1]:9000/token", true),
        ("https://issuer.example/token", true),
        ("http://issuer.example/token", false),
        ("http://127.0.0.1.issuer.example/token", false),
        ("file:///token", false),
    ] {
        let http = Scripted::new();
        http.metadata(&with(with(metadata(), "issuer", json!(LOCAL)), "token_endpoint", json!(endpoint)));
        let local = ProviderSettings { issuer: Issuer::parse(LOCAL).unwrap(), ..settings() };
        let outcome = begin(&OpenIdProvider::new(local, http)).await;
        assert_eq!(outcome.is_ok(), good, "{endpoint}: {outcome:?}");
    }
}
