use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use circadia_domain::keys::KeyPurpose;
use circadia_domain::sessions::SessionKind;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::keys::{MasterKey, Rotation};
use crate::sessions::SESSION_TTL;
use crate::testing::{Ids, InMemoryStore, MASTER, NOW, Seeded, id};

struct Fixture {
    store: InMemoryStore,
    master: MasterKey,
    entropy: Seeded,
    ids: Ids,
    tokens: AccessTokens,
}

fn setting() -> Fixture {
    let (mut store, master, entropy) =
        (InMemoryStore::default(), MasterKey::from_text(MASTER).unwrap(), Seeded::new(3));
    let keys = KeyRing::load_or_create(&mut store, &master, &entropy, NOW).unwrap();
    Fixture {
        store,
        master,
        entropy,
        ids: Ids::default(),
        tokens: AccessTokens::new(keys, "https://circadia.test", "circadia"),
    }
}

fn session() -> Session {
    Session {
        id: id(2).into(),
        user: id(1).into(),
        kind: SessionKind::Token,
        first_factor: circadia_domain::sessions::FirstFactor::Password,
        secret_hash: [0; 32],
        generation: 0,
        rotated_at: NOW,
        device: None,
        user_agent: None,
        ip: None,
        created_at: NOW.plus_seconds(-100),
        last_used_at: NOW,
        expires_at: NOW.plus_seconds(SESSION_TTL - 100),
        revoked_at: None,
    }
}

impl Fixture {
    fn issue(&self) -> String {
        self.tokens.issue(&session(), &self.ids, NOW).unwrap().token
    }

    /// The header and claims of a good token.
    fn parts(&self) -> (Value, Value) {
        let token = self.issue();
        let read = |part: &str| serde_json::from_slice(&from_base64url(part).unwrap()).unwrap();
        let mut parts = token.split('.');
        (read(parts.next().unwrap()), read(parts.next().unwrap()))
    }

    /// A token of this text, signed with the genuine key.
    fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
        let keys = self.tokens.keys();
        let key = keys.access_in_use(NOW).unwrap();
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key.encoding, Algorithm::EdDSA).unwrap();
        format!("{message}.{signature}")
    }

    fn refuses(&self, header: &str, claims: &str) -> bool {
        self.tokens.verify(&self.sign(header, claims), NOW) == Err(TokenError::Invalid)
    }
}

#[test]
fn a_token_says_who_and_in_which_session_for_15_minutes() {
    let setting = setting();
    let fresh = setting.tokens.issue(&session(), &setting.ids, NOW).unwrap();
    assert_eq!(fresh.expires_in, 900);
    let access = setting.tokens.verify(&fresh.token, NOW).unwrap();
    assert_eq!((access.user, access.session), (id(1).into(), id(2).into()));
    assert_eq!((access.opened_at, access.issued_at), (NOW.plus_seconds(-100), NOW));
    assert_eq!(access.expires_at, NOW.plus_seconds(900));
    let (header, claims) = setting.parts();
    assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!("EdDSA")));
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("https://circadia.test"), &json!("circadia")));
    assert_ne!(setting.parts().1["jti"], setting.parts().1["jti"]);
}

#[test]
fn a_token_never_outlives_its_session() {
    let setting = setting();
    let last = session().expires_at.plus_seconds(-60);
    let fresh = setting.tokens.issue(&session(), &setting.ids, last).unwrap();
    assert_eq!(fresh.expires_in, 60);
}

#[test]
fn clocks_may_differ_by_30_seconds_and_no_more_whether_the_token_is_remembered_or_not() {
    let setting = setting();
    let token = setting.issue();
    for _ in 0..2 {
        assert_eq!(setting.tokens.verify(&token, NOW.plus_seconds(-31)), Err(TokenError::Invalid));
        assert!(setting.tokens.verify(&token, NOW.plus_seconds(-30)).is_ok());
        assert!(setting.tokens.verify(&token, NOW.plus_seconds(929)).is_ok());
        assert_eq!(setting.tokens.verify(&token, NOW.plus_seconds(930)), Err(TokenError::Expired));
    }
}

#[test]
fn flipped_bits_never_verify() {
    let setting = setting();
    let token = setting.issue();
    // Remembered, so that a cache keyed by less than the whole token would show.
    setting.tokens.verify(&token, NOW).unwrap();
    for at in 0..token.len() {
        for bit in 0..7 {
            let mut bytes = token.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(setting.tokens.verify(&changed, NOW), Err(TokenError::Invalid), "byte {at}, bit {bit}");
        }
    }
    for cut in 0..token.len() {
        assert_eq!(setting.tokens.verify(&token[..cut], NOW), Err(TokenError::Invalid));
    }
    assert_eq!(setting.tokens.verify(&format!("{token}="), NOW), Err(TokenError::Invalid));
    assert_eq!(setting.tokens.verify(&format!("{token}."), NOW), Err(TokenError::Invalid));
}

#[test]
fn alg_none_is_refused() {
    let setting = setting();
    let (mut header, claims) = setting.parts();
    for alg in ["none", "None", "NONE", ""] {
        header["alg"] = json!(alg);
        let message =
            format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
        assert_eq!(setting.tokens.verify(&format!("{message}."), NOW), Err(TokenError::Invalid));
        assert!(setting.refuses(&header.to_string(), &claims.to_string()), "{alg}");
    }
}

#[test]
fn hs256_with_the_public_key_is_refused() {
    let setting = setting();
    let (mut header, claims) = setting.parts();
    header["alg"] = json!("HS256");
    let public = from_base64url(setting.tokens.keys().jwks(NOW)["keys"][0]["x"].as_str().unwrap()).unwrap();
    let message = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public), message.as_bytes());
    let forged = format!("{message}.{}", base64url(tag.as_ref()));
    assert_eq!(setting.tokens.verify(&forged, NOW), Err(TokenError::Invalid));
}

#[test]
fn an_unknown_or_path_like_kid_is_refused() {
    let setting = setting();
    let (mut header, claims) = setting.parts();
    let genuine = header["kid"].as_str().unwrap().to_owned();
    assert!(!setting.refuses(&header.to_string(), &claims.to_string()));
    for kid in
        ["0000000000000000", "../../dev/null", "' OR 1=1 --", "", &genuine.to_uppercase(), &format!("{genuine}0")]
    {
        header["kid"] = json!(kid);
        assert!(setting.refuses(&header.to_string(), &claims.to_string()), "{kid}");
    }
    header["kid"] = json!(7);
    assert!(setting.refuses(&header.to_string(), &claims.to_string()));
    header.as_object_mut().unwrap().remove("kid");
    assert!(setting.refuses(&header.to_string(), &claims.to_string()));
}

#[test]
fn a_key_that_the_token_brings_along_is_refused() {
    let setting = setting();
    let (header, claims) = setting.parts();
    let own = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(own.public_key().as_ref()) });
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("zip", json!("DEF")),
        ("b64", json!(false)),
    ] {
        let mut header = header.clone();
        header[name] = value;
        // Even under the genuine signature.
        assert!(setting.refuses(&header.to_string(), &claims.to_string()), "{name}");
        let message =
            format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
        let forged = format!("{message}.{}", base64url(own.sign(message.as_bytes()).as_ref()));
        assert_eq!(setting.tokens.verify(&forged, NOW), Err(TokenError::Invalid), "{name}");
    }
}

#[test]
fn duplicate_claims_and_headers_are_refused() {
    let setting = setting();
    let (header, claims) = (setting.parts().0.to_string(), setting.parts().1.to_string());
    for claim in ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "auth_time"] {
        let value = setting.parts().1[claim].to_string();
        let twice = format!("{{\"{claim}\":{value},{}", &claims[1..]);
        assert!(serde_json::from_str::<Value>(&twice).is_ok());
        assert!(setting.refuses(&header, &twice), "{claim}");
    }
    for name in ["typ", "alg", "kid"] {
        let value = setting.parts().0[name].to_string();
        assert!(setting.refuses(&format!("{{\"{name}\":{value},{}", &header[1..]), &claims), "{name}");
    }
}

#[test]
fn another_token_kind_issuer_or_audience_is_refused() {
    let setting = setting();
    let (header, claims) = setting.parts();
    for typ in ["JWT", "jwt", "at+JWT", "id_token", "application/at+jwt", ""] {
        let mut header = header.clone();
        header["typ"] = json!(typ);
        assert!(setting.refuses(&header.to_string(), &claims.to_string()), "{typ}");
    }
    for (claim, value) in [
        ("iss", json!("https://evil.example")),
        ("aud", json!("another")),
        ("aud", json!(["circadia"])),
        ("sub", json!("ada")),
        ("sid", Value::Null),
        ("exp", json!("never")),
        ("exp", json!(1e300)),
        ("iat", json!(i64::MAX)),
        ("role", json!("superuser")),
    ] {
        let mut claims = claims.clone();
        claims[claim] = value;
        assert!(setting.refuses(&header.to_string(), &claims.to_string()), "{claim}");
    }
    for claim in ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "auth_time"] {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(claim);
        assert!(setting.refuses(&header.to_string(), &claims.to_string()), "{claim}");
    }
    assert_eq!(setting.tokens.verify("crr_AAAA", NOW), Err(TokenError::Invalid));
}

#[test]
fn tokens_of_another_installation_are_refused() {
    let (here, mut there) = (setting(), setting());
    there.entropy = Seeded::new(99);
    there.store = InMemoryStore::default();
    let keys = KeyRing::load_or_create(&mut there.store, &there.master, &there.entropy, NOW).unwrap();
    there.tokens.replace_keys(keys);
    assert_eq!(here.tokens.verify(&there.issue(), NOW), Err(TokenError::Invalid));
}

#[test]
fn rotation_overlaps_and_a_retired_key_is_refused_even_for_remembered_tokens() {
    let mut setting = setting();
    let token = setting.issue();
    setting.tokens.verify(&token, NOW).unwrap();
    let rotate = |setting: &mut Fixture, rotation| {
        let purposes = [KeyPurpose::AccessToken, KeyPurpose::RefreshToken];
        KeyRing::rotate(&mut setting.store, &purposes, rotation, None, &setting.master, &setting.entropy, NOW).unwrap()
    };
    let planned = rotate(&mut setting, Rotation::Planned);
    setting.tokens.replace_keys(planned);
    assert!(setting.tokens.verify(&token, NOW).is_ok());
    let emergency = rotate(&mut setting, Rotation::Emergency);
    setting.tokens.replace_keys(emergency);
    assert_eq!(setting.tokens.verify(&token, NOW), Err(TokenError::Invalid));
    assert!(setting.tokens.verify(&setting.issue(), NOW).is_ok());
}

#[test]
fn a_key_that_retires_while_it_is_held_takes_remembered_tokens_along() {
    let mut setting = setting();
    for key in &mut setting.store.keys {
        key.retires_at = Some(NOW.plus_seconds(60));
    }
    setting.tokens.replace_keys(KeyRing::load(&mut setting.store, &setting.master, NOW).unwrap());
    let token = setting.issue();
    assert!(setting.tokens.verify(&token, NOW.plus_seconds(59)).is_ok());
    assert_eq!(setting.tokens.verify(&token, NOW.plus_seconds(60)), Err(TokenError::Invalid));
    assert!(matches!(setting.tokens.issue(&session(), &setting.ids, NOW.plus_seconds(60)), Err(KeyError::NoneLeft)));
}

#[test]
fn no_token_shows_in_debug_output() {
    let fresh = setting().tokens.issue(&session(), &Ids::default(), NOW).unwrap();
    assert_eq!(format!("{fresh:?}"), "AccessToken { expires_in: 900, .. }");
}

proptest! {
    #[test]
    fn anything_can_be_held_against_the_keys_without_harm(token in "[A-Za-z0-9_.-]{0,300}|.{0,100}") {
        let setting = setting();
        prop_assert_eq!(setting.tokens.verify(&token, NOW), Err(TokenError::Invalid));
    }
}
