//! ID tokens, and the keys that they are signed with.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use circadia_app::Clock as _;
use serde_json::{Value, json};

use super::{CLIENT_ID, CLIENT_SECRET, Fault, Grant, Inner, Kind, Person};

impl Inner {
    pub(super) fn jwks(&self, names: &str) -> Value {
        let rsa = self.rsa.public_key();
        let point = self.ec.public_key().as_ref();
        let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut rsa = json!({
            "kty": "RSA", "use": "sig", "kid": format!("rsa-{names}"),
            "n": encoded(rsa.modulus().big_endian_without_leading_zero()),
            "e": encoded(rsa.exponent().big_endian_without_leading_zero()),
        });
        if self.kind != Kind::Work {
            rsa["alg"] = json!("RS256");
        }
        json!({"keys": [
            rsa,
            {
                "kty": "EC", "use": "sig", "alg": "ES256", "crv": "P-256", "kid": format!("ec-{names}"),
                "x": encoded(&point[1..33]), "y": encoded(&point[33..65]),
            },
        ]})
    }

    fn sign(&self, elliptic: bool, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        if elliptic {
            return self.ec.sign(&random, message).expect("a signature").as_ref().to_vec();
        }
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        let encoding: &dyn RsaEncoding = if self.kind == Kind::Work { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
        self.rsa.sign(encoding, &random, message, &mut signature).expect("a signature");
        signature
    }

    pub(super) fn id_token(&self, grant: &Grant, fault: Option<Fault>) -> String {
        let (elliptic, names) = {
            let state = self.state.lock().expect("a provider that didn't panic");
            (state.elliptic, state.keys.clone())
        };
        let is = |wanted: Fault| fault == Some(wanted);
        let now = self.clock.now().seconds() - if is(Fault::Expired) { 7_200 } else { 0 };
        let mut claims = json!({
            "iss": if is(Fault::WrongIssuer) { "https://accounts.google.com" } else { self.issuer.as_str() },
            "aud": if is(Fault::WrongAudience) { "somebody.else" } else { CLIENT_ID },
            "azp": if is(Fault::WrongAudience) { "somebody.else" } else { CLIENT_ID },
            "sub": grant.person.subject,
            "nonce": if is(Fault::WrongNonce) { "another" } else { grant.nonce.as_str() },
            "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q",
            "name": "Grace Hopper",
            "iat": now,
            "exp": now + 3_600,
        });
        if self.kind != Kind::Work {
            claims["email"] = json!(grant.person.email);
            claims["email_verified"] = self.verified(&grant.person);
        }
        let (algorithm, kind) = match fault {
            Some(Fault::Unsigned) => ("none", "rsa"),
            Some(Fault::SignedWithSecret | Fault::SignedWithPublicKey) => ("HS256", "rsa"),
            _ if elliptic => ("ES256", "ec"),
            _ if self.kind == Kind::Work => ("PS256", "rsa"),
            _ => ("RS256", "rsa"),
        };
        let unknown = if is(Fault::UnknownKey) { "unknown-" } else { "" };
        let header = json!({"alg": algorithm, "typ": "JWT", "kid": format!("{unknown}{kind}-{names}")});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(&claims));
        let signature = match fault {
            Some(Fault::Unsigned) => String::new(),
            Some(Fault::SignedWithSecret) => hs256(CLIENT_SECRET.as_bytes(), &message),
            Some(Fault::SignedWithPublicKey) => {
                let public = self.rsa.public_key().as_der().expect("a public key");
                hs256(public.as_ref(), &message)
            }
            _ => URL_SAFE_NO_PAD.encode(self.sign(elliptic, message.as_bytes())),
        };
        if is(Fault::Altered) {
            let mut altered = claims;
            altered["sub"] = json!("somebody else");
            return format!("{}.{}.{signature}", part(&header), part(&altered));
        }
        format!("{message}.{signature}")
    }

    pub(super) fn verified(&self, person: &Person) -> Value {
        if self.kind == Kind::Apple { json!(person.verified.to_string()) } else { json!(person.verified) }
    }
}

fn hs256(secret: &[u8], message: &str) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(secret);
    jsonwebtoken::crypto::sign(message.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).expect("a signature")
}
