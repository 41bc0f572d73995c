//! Personal access tokens: their writing, and what is remembered of those that were verified.
//!
//! `crc_` and 91 letters: the base64url of user, token and secret, and of a checksum by which scanners tell tokens that
//! were published by mistake from what only looks like one. Of the secret, SHA-256 is stored.

use std::fmt;

use circadia_domain::civil::Instant;
use circadia_domain::ids::{PersonalTokenId, UserId};
use circadia_domain::personal_tokens::{PersonalToken, Scopes};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::bounded::Bounded;
use crate::bytes::{Bytes32, base64url, from_base64url, same, sha256};
use crate::entropy::{Entropy, random};
use crate::tokens::TokenError;

/// What every one begins with.
pub const PERSONAL_PREFIX: &str = "crc_";

/// 68 bytes have 91 digits.
const DIGITS: usize = 91;

/// Tokens that are remembered, at some 100 bytes each.
const REMEMBERED: usize = 16_384;

/// Seconds for which a token is known without asking the store again: less than the feed of what was revoked goes back.
const KNOWN_FOR: i64 = 10 * 60;

/// A personal access token as its owner holds it.
pub struct PersonalSecret {
    /// Whose it says it is. Nothing is proven by it.
    pub user: UserId,
    /// Which it says it is.
    pub id: PersonalTokenId,
    secret: Zeroizing<Bytes32>,
}

impl PersonalSecret {
    /// A fresh one.
    pub fn fresh(user: UserId, id: PersonalTokenId, entropy: &dyn Entropy) -> Self {
        Self { user, id, secret: Zeroizing::new(random(entropy)) }
    }

    /// Reads a token.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] if it isn't one, or was mistyped.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        Self::read(text).ok_or(TokenError::Invalid)
    }

    fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PERSONAL_PREFIX).filter(|digits| digits.len() == DIGITS)?;
        let bytes = Zeroizing::new(from_base64url(digits)?);
        let (body, checksum) = bytes.split_last_chunk::<4>()?;
        if u32::from_be_bytes(*checksum) != crc32(body) {
            return None;
        }
        let (user, rest) = body.split_first_chunk::<16>()?;
        let (id, secret) = rest.split_first_chunk::<16>()?;
        Some(Self {
            user: UserId::from_uuid(Uuid::from_bytes(*user)),
            id: PersonalTokenId::from_uuid(Uuid::from_bytes(*id)),
            secret: Zeroizing::new(Bytes32::try_from(secret).ok()?),
        })
    }

    /// The text for its owner, shown once.
    pub fn text(&self) -> String {
        let (user, id) = (self.user.as_uuid(), self.id.as_uuid());
        let mut bytes =
            Zeroizing::new([user.as_bytes().as_slice(), id.as_bytes().as_slice(), self.secret.as_slice()].concat());
        let checksum = crc32(&bytes);
        bytes.extend_from_slice(&checksum.to_be_bytes());
        format!("{PERSONAL_PREFIX}{}", base64url(&bytes))
    }

    /// What is stored of it.
    pub fn hash(&self) -> Bytes32 {
        sha256(self.secret.as_slice())
    }

    /// Whether it is the stored one.
    pub fn is(&self, stored: &PersonalToken) -> bool {
        self.user == stored.user && self.id == stored.id && same(&self.hash(), &stored.secret_hash)
    }
}

impl fmt::Debug for PersonalSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonalSecret").field("user", &self.user).field("id", &self.id).finish_non_exhaustive()
    }
}

/// CRC-32 as in IEEE 802.3, zip and gzip.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let carry = crc & 1;
            crc >>= 1;
            if carry == 1 {
                crc ^= 0xEDB8_8320;
            }
        }
    }
    !crc
}

/// What is known of a token that was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownToken {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub id: PersonalTokenId,
    /// What it may do.
    pub scopes: Scopes,
    /// Until when it is good.
    pub expires_at: Instant,
    /// When its use was noted last.
    pub last_used_at: Option<Instant>,
    /// When the store was asked.
    pub verified_at: Instant,
}

/// The tokens that were verified lately, by the hash of the whole token. One for the whole process.
#[derive(Debug)]
pub struct PersonalTokens(Bounded<KnownToken>);

impl Default for PersonalTokens {
    fn default() -> Self {
        Self(Bounded::new(REMEMBERED))
    }
}

impl PersonalTokens {
    /// What is known of a token, if it was verified not long ago.
    pub fn recall(&self, text: &str, now: Instant) -> Option<KnownToken> {
        let known = self.0.get(&sha256(text.as_bytes()))?;
        (now < known.verified_at.plus_seconds(KNOWN_FOR)).then_some(known)
    }

    /// Remembers a token.
    pub fn remember(&self, text: &str, known: KnownToken) {
        self.0.insert(sha256(text.as_bytes()), known);
    }
}

#[cfg(test)]
mod tests {
    use circadia_domain::personal_tokens::{Access, Scope};

    use super::*;
    use crate::testing::{NOW, Seeded, id};
    use crate::tokens::{ACCESS_LIFE, LEEWAY};

    fn token() -> PersonalSecret {
        PersonalSecret::fresh(id(1).into(), id(2).into(), &Seeded::new(6))
    }

    #[test]
    fn what_is_written_reads_back_and_has_one_writing() {
        let token = token();
        let text = token.text();
        assert_eq!((text.len(), &text[..4]), (95, "crc_"));
        let read = PersonalSecret::parse(&text).unwrap();
        assert_eq!((read.user, read.id, read.hash()), (token.user, token.id, token.hash()));
        for at in 0..text.len() {
            for other in ["A", "b", "-", "_", "9"] {
                let mut changed = text.clone();
                changed.replace_range(at..=at, other);
                assert!(changed == text || PersonalSecret::parse(&changed).is_err(), "{at} {other}");
            }
        }
        for wrong in ["", "crc_", &text[..94], &format!("{text}A"), &text.to_uppercase(), "crc_ü"] {
            assert!(PersonalSecret::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_checksum_is_the_one_that_everybody_knows() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn what_is_known_is_forgotten_before_the_feed_forgets_that_it_was_revoked() {
        let scopes = Scopes::of(&[Scope { area: None, access: Access::Read }]).unwrap();
        let known = KnownToken {
            user: id(1).into(),
            id: id(2).into(),
            scopes,
            expires_at: NOW.plus_seconds(86_400),
            last_used_at: None,
            verified_at: NOW,
        };
        let tokens = PersonalTokens::default();
        assert_eq!(tokens.recall("crc_a", NOW), None);
        tokens.remember("crc_a", known);
        assert_eq!(tokens.recall("crc_a", NOW.plus_seconds(KNOWN_FOR - 1)), Some(known));
        assert_eq!(tokens.recall("crc_a", NOW.plus_seconds(KNOWN_FOR)), None);
        assert_eq!(tokens.recall("crc_b", NOW), None);
        const { assert!(KNOWN_FOR < ACCESS_LIFE + 2 * LEEWAY) };
    }

    #[test]
    fn no_secret_shows_in_debug_output() {
        let shown = format!("{:?}", token());
        assert!(!shown.contains("secret") && shown.ends_with(".. }"), "{shown}");
    }
}
