//! A device with passkeys and the browser that it is used in, in software: ES256 keys, no attestation. What an honest
//! pair would never do is done by setting its fields.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 4;
const BACKUP_ELIGIBLE: u8 = 8;
const BACKED_UP: u8 = 16;
const WITH_CREDENTIAL: u8 = 64;

/// What stands before the point of a P-256 key in its `SubjectPublicKeyInfo`.
const SPKI_PREFIX: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A device with one passkey, and its browser.
#[derive(Debug)]
pub struct Authenticator {
    /// The page that asks.
    pub origin: String,
    /// The relying party that is signed for, if not the one that asks.
    pub rp_id: Option<String>,
    /// Whether the device verifies its user.
    pub verifies_user: bool,
    /// Whether the passkey may be copied, and is.
    pub backed_up: bool,
    /// The counter of the latest use; none on a device that doesn't count.
    pub count: Option<u32>,
    /// The challenge that is signed, if not the one that is asked for.
    pub challenge: Option<String>,
    /// The user handle that it answers with; none before a passkey was made.
    pub user_handle: Option<String>,
    /// By what it knows its passkey.
    pub credential_id: Vec<u8>,
    key: EcdsaKeyPair,
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Authenticator {
    /// A device that counts, in a browser that shows a page of this origin.
    pub fn at(origin: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        let credential_id = digest(&SHA256, key.public_key().as_ref()).as_ref().to_vec();
        Self {
            origin: origin.to_owned(),
            rp_id: None,
            verifies_user: true,
            backed_up: false,
            count: Some(0),
            challenge: None,
            user_handle: None,
            credential_id,
            key,
        }
    }

    /// `navigator.credentials.create({publicKey: parseCreationOptionsFromJSON(options)}).toJSON()`.
    pub fn create(&mut self, options: &Value) -> Value {
        self.user_handle = Some(options["user"]["id"].as_str().expect("a user handle").to_owned());
        let mut data = self.data(options["rp"]["id"].as_str().expect("an id"), WITH_CREDENTIAL);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.credential_id.len()).expect("a short id").to_be_bytes());
        data.extend(&self.credential_id);
        let point = self.key.public_key().as_ref();
        let (x, y) = (&point[1..33], &point[33..]);
        // {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
        data.extend([&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], x, &[0x22, 0x58, 32], y].concat());
        let length = u8::try_from(data.len()).expect("short data");
        let object = [b"\xa3cfmtdnonegattStmt\xa0hauthData\x58", [length].as_slice(), &data].concat();
        json!({
            "id": base64url(&self.credential_id),
            "rawId": base64url(&self.credential_id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url(&self.client_data("webauthn.create", options)),
                "attestationObject": base64url(&object),
                "authenticatorData": base64url(&data),
                "publicKey": base64url(&[SPKI_PREFIX, point].concat()),
                "publicKeyAlgorithm": -7,
                "transports": ["hybrid", "internal"],
            },
        })
    }

    /// `navigator.credentials.get({publicKey: parseRequestOptionsFromJSON(options)}).toJSON()`.
    pub fn get(&mut self, options: &Value) -> Value {
        self.count = self.count.map(|count| count + 1);
        let data = self.data(options["rpId"].as_str().expect("an id"), 0);
        let client_data = self.client_data("webauthn.get", options);
        let signed = [&data, digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("a signature");
        json!({
            "id": base64url(&self.credential_id),
            "rawId": base64url(&self.credential_id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url(&client_data),
                "authenticatorData": base64url(&data),
                "signature": base64url(signature.as_ref()),
                "userHandle": self.user_handle,
            },
        })
    }

    fn data(&self, rp_id: &str, more: u8) -> Vec<u8> {
        let backup = if self.backed_up { BACKUP_ELIGIBLE | BACKED_UP } else { 0 };
        let flags = USER_PRESENT | if self.verifies_user { USER_VERIFIED } else { 0 } | backup | more;
        let hash = digest(&SHA256, self.rp_id.as_deref().unwrap_or(rp_id).as_bytes());
        [hash.as_ref(), [flags].as_slice(), &self.count.unwrap_or(0).to_be_bytes()].concat()
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let asked = options["challenge"].as_str().expect("a challenge");
        let challenge = self.challenge.as_deref().unwrap_or(asked);
        let origin = &self.origin;
        format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#).into_bytes()
    }
}

/// The answer with a bit of one of its members flipped.
pub fn flipped(answer: &Value, member: &str, bit: usize) -> Value {
    let mut answer = answer.clone();
    let text = answer["response"][member].as_str().expect("a member");
    let mut bytes = URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let at = bit / 8 % bytes.len();
    bytes[at] ^= 1 << (bit % 8);
    answer["response"][member] = base64url(&bytes).into();
    answer
}
