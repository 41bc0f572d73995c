//! Personal access tokens: their text form, and a cache of verified ones.
//!
//! `crc_` and 91 characters: base64url of user, token, secret and a tag. The tag authenticates tokens issued here, so
//! that made-up tokens are rejected without reading the store. Only the SHA-256 of the secret is stored.

use std::fmt;

use aws_lc_rs::hmac;
use circadia_domain::civil::Instant;
use circadia_domain::ids::{PersonalTokenId, UserId};
use circadia_domain::personal_tokens::{PersonalToken, Scopes};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::bounded::Bounded;
use crate::bytes::{Bytes32, base64url, from_base64url, hmac_sha256, same, sha256};
use crate::entropy::{Entropy, random};
use crate::keys::{KeyError, MasterKey, Purpose};
use crate::tokens::TokenError;

/// The prefix of every token.
pub const PERSONAL_TOKEN_PREFIX: &str = "crc_";

/// Length of the tag, in bytes. One of 2³² made-up tokens passes and costs a read of the store, which rejects it.
const TAG_BYTES: usize = 4;

/// 68 bytes are 91 base64url characters.
const TOKEN_CHARACTERS: usize = 91;

/// Maximum number of cached tokens, about 100 bytes each.
const CACHE_CAPACITY: usize = 16_384;

/// Cache lifetime, in seconds: shorter than the period the revocation feed covers.
const CACHE_TTL_SECONDS: i64 = 10 * 60;

/// A personal access token, including its secret.
pub struct PersonalSecret {
    /// The claimed user; not verified.
    pub user: UserId,
    /// The claimed token id; not verified.
    pub id: PersonalTokenId,
    secret: Zeroizing<Bytes32>,
}

impl PersonalSecret {
    /// A new random token.
    pub fn fresh(user: UserId, id: PersonalTokenId, entropy: &dyn Entropy) -> Self {
        Self { user, id, secret: Zeroizing::new(random(entropy)) }
    }

    /// The stored hash.
    pub fn hash(&self) -> Bytes32 {
        sha256(self.secret.as_slice())
    }

    /// Whether its hash is the stored one.
    pub fn is(&self, stored: &PersonalToken) -> bool {
        self.user == stored.user && self.id == stored.id && same(&self.hash(), &stored.secret_hash)
    }
}

impl fmt::Debug for PersonalSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonalSecret").field("user", &self.user).field("id", &self.id).finish_non_exhaustive()
    }
}

/// A verified token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownToken {
    /// The user.
    pub user: UserId,
    /// The token.
    pub id: PersonalTokenId,
    /// Its scopes.
    pub scopes: Scopes,
    /// Its expiry.
    pub expires_at: Instant,
    /// When its use was last recorded.
    pub last_used_at: Option<Instant>,
    /// When it was read from the store.
    pub verified_at: Instant,
}

/// Encodes and authenticates tokens, and caches verified ones by the hash of the whole token. One instance per process;
/// its calls don't block.
pub struct PersonalTokens {
    tags: hmac::Key,
    verified: Bounded<KnownToken>,
}

impl fmt::Debug for PersonalTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonalTokens").finish_non_exhaustive()
    }
}

impl PersonalTokens {
    /// Derives the key from the master key.
    ///
    /// # Errors
    /// [`KeyError::Crypto`], which indicates a bug.
    pub fn new(master: &MasterKey) -> Result<Self, KeyError> {
        Ok(Self { tags: master.hmac_key(Purpose::PersonalTokenTags)?, verified: Bounded::new(CACHE_CAPACITY) })
    }

    /// The text form, shown to the owner once.
    pub fn text(&self, token: &PersonalSecret) -> Zeroizing<String> {
        let (user, id) = (token.user.as_uuid(), token.id.as_uuid());
        let mut bytes =
            Zeroizing::new([user.as_bytes().as_slice(), id.as_bytes().as_slice(), token.secret.as_slice()].concat());
        let tag = self.tag(&bytes);
        bytes.extend_from_slice(&tag);
        Zeroizing::new(format!("{PERSONAL_TOKEN_PREFIX}{}", base64url(&bytes)))
    }

    /// Reads a token.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] if it wasn't issued here.
    pub fn read(&self, text: &str) -> Result<PersonalSecret, TokenError> {
        self.read_one(text).ok_or(TokenError::Invalid)
    }

    fn read_one(&self, text: &str) -> Option<PersonalSecret> {
        let digits = text.strip_prefix(PERSONAL_TOKEN_PREFIX).filter(|digits| digits.len() == TOKEN_CHARACTERS)?;
        let bytes = Zeroizing::new(from_base64url(digits)?);
        let (body, tag) = bytes.split_last_chunk::<TAG_BYTES>()?;
        if !same(&self.tag(body), tag) {
            return None;
        }
        let (user, rest) = body.split_first_chunk::<16>()?;
        let (id, secret) = rest.split_first_chunk::<16>()?;
        Some(PersonalSecret {
            user: UserId::from_uuid(Uuid::from_bytes(*user)),
            id: PersonalTokenId::from_uuid(Uuid::from_bytes(*id)),
            secret: Zeroizing::new(Bytes32::try_from(secret).ok()?),
        })
    }

    fn tag(&self, body: &[u8]) -> [u8; TAG_BYTES] {
        hmac_sha256(&self.tags, &[body]).first_chunk().copied().unwrap_or_default()
    }

    /// The cached token, if it was verified recently.
    pub fn recall(&self, text: &str, now: Instant) -> Option<KnownToken> {
        let known = self.verified.get(&sha256(text.as_bytes()))?;
        // Also rejected if the clock was set back: the feed may not reach back far enough then.
        (known.verified_at <= now && now < known.verified_at.plus_seconds(CACHE_TTL_SECONDS)).then_some(known)
    }

    /// Caches a token.
    pub fn remember(&self, text: &str, known: KnownToken) {
        self.verified.insert(sha256(text.as_bytes()), known);
    }
}

#[cfg(test)]
mod tests {
    use circadia_domain::personal_tokens::{Access, Scope, TokenName};
    use circadia_domain::revision::Revision;

    use super::*;
    use crate::testing::{MASTER, NOW, Seeded, id};
    use crate::tokens::{ACCESS_TOKEN_TTL, LEEWAY};

    fn token() -> PersonalSecret {
        PersonalSecret::fresh(id(1).into(), id(2).into(), &Seeded::new(6))
    }

    fn tokens() -> PersonalTokens {
        PersonalTokens::new(&MasterKey::from_text(MASTER).unwrap()).unwrap()
    }

    #[test]
    fn what_is_written_reads_back_and_has_one_writing() {
        let (token, tokens) = (token(), tokens());
        let text = tokens.text(&token);
        assert_eq!((text.len(), &text[..4]), (95, "crc_"));
        let read = tokens.read(&text).unwrap();
        assert_eq!((read.user, read.id, read.hash()), (token.user, token.id, token.hash()));
        for at in 0..text.len() {
            for other in ["A", "b", "-", "_", "9"] {
                let mut changed = text.clone();
                changed.replace_range(at..=at, other);
                assert!(changed == text || tokens.read(&changed).is_err(), "{at} {other}");
            }
        }
        for wrong in ["", "crc_", &text[..94], &format!("{}A", *text), &text.to_uppercase(), "crc_ü"] {
            assert!(tokens.read(wrong).is_err(), "{wrong}");
        }
        let elsewhere = PersonalTokens::new(&MasterKey::from_text(&MASTER.to_uppercase()).unwrap()).unwrap();
        assert!(elsewhere.read(&text).is_err());
    }

    #[test]
    fn a_token_is_the_stored_one_by_its_secret_and_nothing_less() {
        let (one, scopes) = (token(), Scopes::of(&[Scope { area: None, access: Access::Read }]).unwrap());
        let stored = PersonalToken {
            user: one.user,
            id: one.id,
            name: TokenName::parse("importer").unwrap(),
            scopes,
            secret_hash: one.hash(),
            created_at: NOW,
            expires_at: NOW.plus_seconds(60),
            last_used_at: None,
            rev: Revision(1),
        };
        assert!(one.is(&stored));
        for other in [
            PersonalToken {
                secret_hash: PersonalSecret::fresh(one.user, one.id, &Seeded::new(7)).hash(),
                ..stored.clone()
            },
            PersonalToken { user: id(3).into(), ..stored.clone() },
            PersonalToken { id: id(3).into(), ..stored.clone() },
        ] {
            assert!(!one.is(&other), "{other:?}");
        }
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
        let tokens = tokens();
        assert_eq!(tokens.recall("crc_a", NOW), None);
        tokens.remember("crc_a", known);
        assert_eq!(tokens.recall("crc_a", NOW.plus_seconds(CACHE_TTL_SECONDS - 1)), Some(known));
        assert_eq!(tokens.recall("crc_a", NOW.plus_seconds(CACHE_TTL_SECONDS)), None);
        assert_eq!(tokens.recall("crc_a", NOW.plus_seconds(-1)), None, "the clock was set back");
        assert_eq!(tokens.recall("crc_b", NOW), None);
        const { assert!(CACHE_TTL_SECONDS < ACCESS_TOKEN_TTL + 2 * LEEWAY) };
    }

    #[test]
    fn no_secret_shows_in_debug_output() {
        let shown = format!("{:?}", token());
        assert!(!shown.contains("secret") && shown.ends_with(".. }"), "{shown}");
    }
}
