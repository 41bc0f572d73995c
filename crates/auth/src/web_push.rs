//! What is sent to browsers is encrypted for them alone (RFC 8291): push services carry it, and can't read it.

use std::fmt;

use aws_lc_rs::agreement::{ECDH_P256, ParsedPublicKey, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use circadia_domain::push_subscriptions::PushSubscriptionId;
use circadia_domain::violation::Violations;
use zeroize::Zeroizing;

use crate::bytes::{base64url, sha256};
use crate::entropy::{Entropy, random};
use crate::keys::{KeyError, MasterKey, Purpose};

/// The record size of RFC 8188, which is also what every push service takes (RFC 8030 §7.2). A message is one record.
const RECORD_BYTES: u32 = 4_096;
/// What goes before the record, and what it has besides the message: salt, record size, length of the key and the key;
/// delimiter and tag.
const OVERHEAD_BYTES: usize = 16 + 4 + 1 + POINT_BYTES + 1 + 16;

/// The longest message, in bytes.
pub const MAX_PUSH_BYTES: usize = 4_096 - OVERHEAD_BYTES;

/// Bytes of an uncompressed point of P-256.
const POINT_BYTES: usize = 65;

/// With or without padding: libraries write both.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A browser's public key (`p256dh`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserKey([u8; POINT_BYTES]);

impl BrowserKey {
    /// Reads a key.
    ///
    /// # Errors
    /// `invalid_key` unless it is an uncompressed point of P-256, in base64url.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        BASE64.decode(text).ok().and_then(|bytes| Self::from_bytes(&bytes)).ok_or_else(|| {
            Violations::of("invalid_key", "must be a point of P-256, not compressed (65 bytes), in base64url")
        })
    }

    /// Takes a key that was stored; `None` if it isn't a point of the curve.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let point = <[u8; POINT_BYTES]>::try_from(bytes).ok().filter(|point| point.starts_with(&[4]))?;
        ParsedPublicKey::try_from(UnparsedPublicKey::new(&ECDH_P256, point)).ok()?;
        Some(Self(point))
    }

    /// The point.
    pub const fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The secret by which a browser knows that a message was encrypted by who it gave it to (`auth`): 16 bytes.
#[derive(Clone)]
pub struct BrowserSecret(Zeroizing<[u8; 16]>);

impl fmt::Debug for BrowserSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserSecret(..)")
    }
}

impl BrowserSecret {
    /// Reads a secret.
    ///
    /// # Errors
    /// `invalid_key` unless it is 16 bytes in base64url.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        let bytes = BASE64.decode(text).ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
        let bytes = bytes.ok_or_else(|| Violations::of("invalid_key", "must be 16 bytes in base64url"))?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// Encrypts it for a subscription: of another one, it can't be decrypted.
    ///
    /// # Errors
    /// [`KeyError::Crypto`], which indicates a bug.
    pub fn seal(&self, id: PushSubscriptionId, master: &MasterKey, entropy: &dyn Entropy) -> Result<Vec<u8>, KeyError> {
        master.seal(Purpose::PushSecrets, &id.to_string(), &*self.0, entropy)
    }

    /// Decrypts a subscription's secret; `None` if it was encrypted under another master key.
    ///
    /// # Errors
    /// [`KeyError::Crypto`], which indicates a bug.
    pub fn open(id: PushSubscriptionId, sealed: &[u8], master: &MasterKey) -> Result<Option<Self>, KeyError> {
        let opened = master.open(Purpose::PushSecrets, &id.to_string(), sealed)?;
        Ok(opened
            .and_then(|bytes| <[u8; 16]>::try_from(bytes.as_slice()).ok())
            .map(|bytes| Self(Zeroizing::new(bytes))))
    }
}

/// Encrypts a message of at most [`MAX_PUSH_BYTES`] for a browser: the body of a request with `Content-Encoding:
/// aes128gcm`.
///
/// # Errors
/// [`KeyError::Crypto`] if it is too long, which indicates a bug.
pub fn encrypt_push(
    message: Vec<u8>,
    key: &BrowserKey,
    secret: &BrowserSecret,
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, KeyError> {
    let sender = PrivateKey::generate(&ECDH_P256).map_err(|_| KeyError::Crypto("ECDH"))?;
    encrypt(message, key, secret, &sender, random(entropy))
}

/// RFC 8291 §3.4: what both sides derive of their keys is the input of the encoding of RFC 8188.
fn encrypt(
    message: Vec<u8>,
    key: &BrowserKey,
    secret: &BrowserSecret,
    sender: &PrivateKey,
    salt: [u8; 16],
) -> Result<Vec<u8>, KeyError> {
    if message.len() > MAX_PUSH_BYTES {
        return Err(KeyError::Crypto("a message for a browser is too long"));
    }
    let own = sender.compute_public_key().map_err(|_| KeyError::Crypto("ECDH"))?;
    let browser = UnparsedPublicKey::new(&ECDH_P256, key.bytes());
    let input = agree(sender, browser, KeyError::Crypto("ECDH"), |shared| {
        let mut input = Zeroizing::new([0; 32]);
        let info = [b"WebPush: info\0", key.bytes(), own.as_ref()];
        let derived = Salt::new(HKDF_SHA256, &*secret.0).extract(shared).expand(&info, HKDF_SHA256).and_then(
            // The block ends the borrow of the parts of `info`.
            |okm| okm.fill(&mut *input),
        );
        derived.map(|()| input).map_err(|_| KeyError::Crypto("HKDF"))
    })?;
    ece_native::encrypt(*input, salt, own, std::iter::once(message), RECORD_BYTES)
        .map_err(|_| KeyError::Crypto("aes128gcm"))
}

/// The `Topic` of a message (RFC 8030 §5.4): one that wasn't delivered yet is replaced by the next of its topic. It is a
/// hash, since the push service reads it.
pub fn push_topic(tag: &str) -> String {
    let mut topic = base64url(&sha256(tag.as_bytes()));
    topic.truncate(32);
    topic
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    use aws_lc_rs::hkdf::KeyType;

    use super::*;
    use crate::bytes::from_base64url;
    use crate::testing::{MASTER, Seeded, id};

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        from_base64url(text).unwrap().try_into().unwrap()
    }

    /// The example of RFC 8291 §5 and its appendix A, byte by byte.
    #[test]
    fn the_example_of_the_specification_is_encrypted_as_it_says() {
        let key = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        let key = BrowserKey::parse(key).unwrap();
        let secret = BrowserSecret::parse("BTBZMqHH6r4Tts7J_aSIgg").unwrap();
        let sender: [u8; 32] = bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
        let sender = PrivateKey::from_private_key(&ECDH_P256, &sender).unwrap();
        let message = b"When I grow up, I want to be a watermelon".to_vec();
        let sent = encrypt(message, &key, &secret, &sender, bytes("DGv6ra1nlYgDCS1FRnbzlw")).unwrap();
        assert_eq!(
            base64url(&sent),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A\
             _yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
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

    /// What a browser makes of a message, by other code than that which encrypts.
    fn decrypted(sent: &[u8], browser: &PrivateKey, secret: &[u8]) -> Option<Vec<u8>> {
        let (salt, rest) = sent.split_at(16);
        let (size, rest) = rest.split_at(4);
        assert_eq!((u32::from_be_bytes(size.try_into().unwrap()), rest[0]), (4_096, 65));
        let (sender, record) = rest[1..].split_at(65);
        let own = browser.compute_public_key().unwrap();
        let peer = UnparsedPublicKey::new(&ECDH_P256, sender);
        let shared = agree(browser, peer, (), |shared| Ok(shared.to_vec())).unwrap();
        let input = derived(secret, &shared, &[b"WebPush: info\0", own.as_ref(), sender], 32);
        let key = derived(salt, &input, &[b"Content-Encoding: aes128gcm\0"], 16);
        let nonce = derived(salt, &input, &[b"Content-Encoding: nonce\0"], 12);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        let mut record = record.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(&nonce).unwrap();
        let plain = key.open_in_place(nonce, Aad::empty(), &mut record).ok()?;
        plain.strip_suffix(&[2]).map(<[u8]>::to_vec)
    }

    #[test]
    fn messages_are_read_by_their_browser_alone() {
        let entropy = Seeded::new(3);
        let [browser, other] = [(); 2].map(|()| PrivateKey::generate(&ECDH_P256).unwrap());
        let key = BrowserKey::from_bytes(browser.compute_public_key().unwrap().as_ref()).unwrap();
        let secret = BrowserSecret::parse("BTBZMqHH6r4Tts7J_aSIgg").unwrap();
        for length in [0, 1, 41, MAX_PUSH_BYTES] {
            let message: Vec<u8> = (0..=255).cycle().take(length).collect();
            let sent = encrypt_push(message.clone(), &key, &secret, &entropy).unwrap();
            assert_eq!(sent.len(), length + OVERHEAD_BYTES);
            assert_eq!(decrypted(&sent, &browser, &*secret.0), Some(message.clone()));
            assert_eq!(decrypted(&sent, &other, &*secret.0), None);
            assert_eq!(decrypted(&sent, &browser, &[0; 16]), None);
            assert_ne!(encrypt_push(message, &key, &secret, &entropy).unwrap(), sent);
        }
        assert_eq!(MAX_PUSH_BYTES, 3_993);
        assert!(encrypt_push(vec![0; MAX_PUSH_BYTES + 1], &key, &secret, &entropy).is_err());
    }

    #[test]
    fn keys_of_browsers_are_points_of_the_curve() {
        let good = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        assert!(BrowserKey::parse(good).is_ok() && BrowserKey::parse(&format!("{good}=")).is_ok());
        let point: [u8; 65] = bytes(good);
        let mut off = point;
        off[64] ^= 1;
        let mut hybrid = point;
        hybrid[0] = 6;
        let compressed = [&[2], &point[1..33]].concat();
        let zero = [&[4][..], &[0; 64]].concat();
        for wrong in [off.as_slice(), &hybrid, &compressed, &zero, &point[1..], &[0], &[]] {
            assert!(BrowserKey::parse(&base64url(wrong)).is_err(), "{wrong:?}");
        }
        assert!(BrowserKey::parse("no base64!").is_err() && BrowserKey::parse(&good.replace('_', "/")).is_err());
        assert!(BrowserSecret::parse("BTBZMqHH6r4Tts7J_aSIgg==").is_ok());
        for wrong in ["", "AAAA", "BTBZMqHH6r4Tts7J_aSIggAA", "BTBZMqHH6r4Tts7J+aSIgg"] {
            assert!(BrowserSecret::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn secrets_open_for_their_own_subscription_alone() {
        let (master, entropy) = (MasterKey::from_text(MASTER).unwrap(), Seeded::new(1));
        let secret = BrowserSecret::parse("BTBZMqHH6r4Tts7J_aSIgg").unwrap();
        let [own, other] = [id(1), id(2)].map(PushSubscriptionId::from_uuid);
        let sealed = secret.seal(own, &master, &entropy).unwrap();
        assert_eq!(BrowserSecret::open(own, &sealed, &master).unwrap().unwrap().0, secret.0);
        assert!(BrowserSecret::open(other, &sealed, &master).unwrap().is_none());
        assert_eq!(format!("{secret:?}"), "BrowserSecret(..)");
    }

    #[test]
    fn topics_are_short_and_tell_nothing() {
        let topic = push_topic("habit 01920b7e");
        assert_eq!((topic.len(), &topic), (32, &push_topic("habit 01920b7e")));
        assert!(topic.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert_ne!(topic, push_topic("habit 01920b7f"));
    }
}
