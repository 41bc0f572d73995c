//! Forged access tokens, over HTTP, also signed with the genuine key.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use circadia_auth::keys::{MasterKey, Purpose};
use circadia_tests::{Backend, Client, SECRET_KEY, TestApp, fresh_id, scenarios};
use serde_json::{Value, json};

scenarios!(
    alg_none_is_refused,
    hs256_with_the_public_key_is_refused,
    an_unknown_or_path_like_kid_is_refused,
    a_key_that_the_token_brings_along_is_refused,
    flipped_bits_in_every_part_are_refused,
    duplicate_claims_are_refused,
    another_token_kind_is_refused,
);

/// An attacker with a valid token, and even the key that signed it.
struct Forger {
    client: Client,
    token: String,
    header: Value,
    claims: Value,
    genuine: Ed25519KeyPair,
    own: Ed25519KeyPair,
    public: Vec<u8>,
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Forger {
    async fn at(app: &TestApp) -> Self {
        let ada = app.user("ada").await;
        let token = ada.token().to_owned();
        let read = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        let mut parts = token.split('.');
        let header: Value = read(parts.next().unwrap());
        let claims: Value = read(parts.next().unwrap());
        let sealed = app.database.bytes("SELECT sealed FROM server_keys WHERE purpose = 'access_token'");
        let kid = header["kid"].as_str().unwrap();
        let seed = MasterKey::from_text(SECRET_KEY).unwrap().open(Purpose::AccessTokenKeys, kid, &sealed);
        let genuine = Ed25519KeyPair::from_seed_unchecked(&seed.unwrap().unwrap()).unwrap();
        let published = app.anonymous().get("/.well-known/jwks.json").await.expect(200).body;
        let public = URL_SAFE_NO_PAD.decode(published["keys"][0]["x"].as_str().unwrap()).unwrap();
        assert_eq!(genuine.public_key().as_ref(), public);
        let own = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let forger = Self { client: app.anonymous(), token, header, claims, genuine, own, public };
        // So that what follows is refused for what is wrong with it, and not for how it is made here.
        let same = forger.signed(&forger.header.to_string(), &forger.claims.to_string());
        forger.client.with_token(&same).get("/me").await.expect(200);
        forger
    }

    /// A token of this text under the genuine key.
    fn signed(&self, header: &str, claims: &str) -> String {
        Self::signed_with(&self.genuine, header, claims)
    }

    fn signed_with(key: &Ed25519KeyPair, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", encoded(header), encoded(claims));
        format!("{message}.{}", encoded(key.sign(message.as_bytes())))
    }

    /// The header with another member.
    fn header(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[name] = value;
        header.to_string()
    }

    fn claims(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        claims.to_string()
    }

    async fn is_refused(&self, token: &str) {
        self.client.with_token(token).get("/me").await.problem(401, "token_invalid");
    }
}

async fn alg_none_is_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let forger = Forger::at(&app).await;
    let claims = forger.claims.to_string();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = forger.header("alg", json!(alg));
        forger.is_refused(&format!("{}.{}.", encoded(&header), encoded(&claims))).await;
        forger.is_refused(&format!("{}.{}", encoded(&header), encoded(&claims))).await;
        forger.is_refused(&forger.signed(&header, &claims)).await;
    }
}

async fn hs256_with_the_public_key_is_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let forger = Forger::at(&app).await;
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", encoded(&forger.public));
    for alg in ["HS256", "HS384", "HS512"] {
        let message = format!("{}.{}", encoded(forger.header("alg", json!(alg))), encoded(forger.claims.to_string()));
        for secret in [forger.public.clone(), encoded(&forger.public).into_bytes(), pem.clone().into_bytes(), vec![]] {
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
            forger.is_refused(&format!("{message}.{}", encoded(tag))).await;
        }
    }
}

async fn an_unknown_or_path_like_kid_is_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let forger = Forger::at(&app).await;
    let genuine = forger.header["kid"].as_str().unwrap().to_owned();
    for kid in [
        json!("0000000000000000"),
        json!("../../../../dev/null"),
        json!("/proc/self/environ"),
        json!("x' UNION SELECT 'key' --"),
        json!("http://127.0.0.1/key"),
        json!(""),
        json!(genuine.to_uppercase() + " "),
        json!(format!("{genuine}\0")),
        json!([genuine]),
        json!(7),
        Value::Null,
    ] {
        let header = forger.header("kid", kid);
        forger.is_refused(&forger.signed(&header, &forger.claims.to_string())).await;
    }
}

async fn a_key_that_the_token_brings_along_is_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let forger = Forger::at(&app).await;
    let claims = forger.claims.to_string();
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": encoded(forger.own.public_key())});
    for (name, value) in [
        ("jwk", jwk.clone()),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
    ] {
        let header = forger.header(name, value);
        forger.is_refused(&Forger::signed_with(&forger.own, &header, &claims)).await;
        forger.is_refused(&forger.signed(&header, &claims)).await;
    }
    let mut without_kid = forger.header.clone();
    without_kid.as_object_mut().unwrap().remove("kid");
    without_kid["jwk"] = jwk;
    forger.is_refused(&Forger::signed_with(&forger.own, &without_kid.to_string(), &claims)).await;
    forger.is_refused(&Forger::signed_with(&forger.own, &forger.header.to_string(), &claims)).await;
}

async fn flipped_bits_in_every_part_are_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let forger = Forger::at(&app).await;
    // Known to the server by now, so that a memory keyed by less than the whole token would show.
    let parts: Vec<Vec<u8>> = forger.token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
    for (index, part) in parts.iter().enumerate() {
        let bits = part.len() * 8;
        for bit in (0..bits).step_by(bits / 12).chain([bits - 1]) {
            let mut changed = parts.clone();
            changed[index][bit / 8] ^= 1 << (bit % 8);
            let changed: Vec<String> = changed.iter().map(encoded).collect();
            forger.is_refused(&changed.join(".")).await;
        }
    }
    for cut in [1, 2, 10, forger.token.len() - 1] {
        forger.is_refused(&forger.token[..forger.token.len() - cut]).await;
    }
    forger.is_refused(&format!("{}=", forger.token)).await;
    forger.is_refused(&format!("{}.{}", forger.token, parts.len())).await;
}

async fn duplicate_claims_are_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let forger = Forger::at(&app).await;
    let (header, claims) = (forger.header.to_string(), forger.claims.to_string());
    for (name, value) in forger.claims.as_object().unwrap() {
        let twice = format!("{{\"{name}\":{value},{}", &claims[1..]);
        forger.is_refused(&forger.signed(&header, &twice)).await;
    }
    for (name, value) in forger.header.as_object().unwrap() {
        let twice = format!("{{\"{name}\":{value},{}", &header[1..]);
        forger.is_refused(&forger.signed(&twice, &claims)).await;
    }
}

async fn another_token_kind_is_refused(backend: Backend) {
    let app = TestApp::on(backend).start();
    let forger = Forger::at(&app).await;
    let (header, claims) = (forger.header.to_string(), forger.claims.to_string());
    for typ in ["JWT", "id_token", "rt+jwt", "logout+jwt", "AT+JWT", ""] {
        forger.is_refused(&forger.signed(&forger.header("typ", json!(typ)), &claims)).await;
    }
    // An ID token's claims, another issuer's and another audience's, and more than an access token says.
    for (name, value) in [
        ("nonce", json!("n")),
        ("email", json!("ada@example.org")),
        ("iss", json!("https://accounts.google.com")),
        ("aud", json!("another")),
        ("aud", json!(["circadia", "another"])),
        ("role", json!("superuser")),
        ("sub", json!("ada")),
        ("sid", Value::Null),
    ] {
        forger.is_refused(&forger.signed(&header, &forger.claims(name, value))).await;
    }
    let eve = app.user("eve").await;
    forger.is_refused(eve.refresh_token()).await;
    forger.is_refused(&fresh_id()).await;
    // A personal access token is let in as what it is, within its scopes, and as nothing else.
    let body = json!({"name": "Importer", "scopes": ["read", "write"]});
    let personal = eve.post("/me/tokens", body).await.expect(201).body;
    let personal = personal["token"].as_str().unwrap();
    app.anonymous().with_token(personal).post("/auth/logout-all", Value::Null).await.problem(403, "insufficient_scope");
    let refresh = json!({"refresh_token": personal});
    app.anonymous().post("/auth/refresh", refresh).await.problem(401, "token_invalid");
}
