//! Refresh tokens: their text form, and how each is derived from the one before.

use std::fmt;

use aws_lc_rs::hmac;
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::sessions::Session;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::bytes::{Bytes32, base64url, from_base64url, hmac_sha256, same, sha256};
use crate::keys::Kid;
use crate::tokens::TokenError;

/// A prefix by which secret scanners recognise leaked tokens.
const PREFIX: &str = "crr_";

/// A refresh token: `crr_` and the base64url of user, session, key, generation and secret, 76 bytes in all.
///
/// The key derives the secrets of the whole family; it is the one in use when the session was opened. Naming it in the
/// token, rather than selecting it by date, keeps a family intact while keys are rotated and replicas load them at
/// different times.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// The claimed user, whose unit of work to open; not verified.
    pub user: UserId,
    /// The claimed session; not verified.
    pub session: SessionId,
    pub(super) key: Kid,
    pub(super) generation: u32,
    pub(super) secret: Zeroizing<Bytes32>,
}

impl RefreshToken {
    /// Reads a token.
    ///
    /// # Errors
    /// [`TokenError::Invalid`] if it is malformed.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        Self::read(text).ok_or(TokenError::Invalid)
    }

    fn read(text: &str) -> Option<Self> {
        let text = text.strip_prefix(PREFIX)?;
        // 76 bytes are 102 base64url characters; longer texts aren't decoded.
        if text.len() != 102 {
            return None;
        }
        let bytes = Zeroizing::new(from_base64url(text)?);
        let (user, rest) = bytes.split_first_chunk::<16>()?;
        let (session, rest) = rest.split_first_chunk::<16>()?;
        let (key, rest) = rest.split_first_chunk::<8>()?;
        let (generation, rest) = rest.split_first_chunk::<4>()?;
        Some(Self {
            user: UserId::from_uuid(Uuid::from_bytes(*user)),
            session: SessionId::from_uuid(Uuid::from_bytes(*session)),
            key: Kid::from_bytes(*key),
            generation: u32::from_be_bytes(*generation),
            secret: Zeroizing::new(Bytes32::try_from(rest).ok()?),
        })
    }

    /// The first token of a new session.
    pub(super) fn first(user: UserId, session: SessionId, key: Kid, secret: Bytes32) -> Self {
        Self { user, session, key, generation: 0, secret: Zeroizing::new(secret) }
    }

    /// The text for the client.
    pub fn text(&self) -> String {
        let bytes = Zeroizing::new(
            [
                self.user.as_uuid().as_bytes(),
                self.session.as_uuid().as_bytes(),
                self.key.bytes().as_slice(),
                self.generation.to_be_bytes().as_slice(),
                self.secret.as_slice(),
            ]
            .concat(),
        );
        format!("{PREFIX}{}", base64url(&bytes))
    }

    /// The successor of this token.
    pub(super) fn child(&self, key: &hmac::Key) -> Self {
        let generation = self.generation.saturating_add(1);
        let secret =
            hmac_sha256(key, &[self.secret.as_slice(), self.session.as_uuid().as_bytes(), &generation.to_be_bytes()]);
        Self { generation, secret: Zeroizing::new(secret), ..self.clone() }
    }

    /// The stored hash.
    pub(super) fn hash(&self) -> Bytes32 {
        sha256(self.secret.as_slice())
    }

    /// Whether its hash is the one in the session's row.
    pub(super) fn is_current(&self, session: &Session) -> bool {
        i64::from(self.generation) == i64::from(session.generation) && same(&self.hash(), &session.secret_hash)
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshToken")
            .field("user", &self.user)
            .field("session", &self.session)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_token() -> impl Strategy<Value = RefreshToken> {
        (any::<[u8; 16]>(), any::<[u8; 16]>(), any::<[u8; 8]>(), any::<u32>(), any::<[u8; 32]>()).prop_map(
            |(user, session, key, generation, secret)| RefreshToken {
                user: Uuid::from_bytes(user).into(),
                session: Uuid::from_bytes(session).into(),
                key: Kid::from_bytes(key),
                generation,
                secret: Zeroizing::new(secret),
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(token in any_token()) {
            prop_assert_eq!(RefreshToken::parse(&token.text()), Ok(token));
        }

        #[test]
        fn a_token_has_one_writing(token in any_token(), at in 0_usize..106, other in "[A-Za-z0-9_-]") {
            let text = token.text();
            let mut changed = text.clone();
            changed.replace_range(at..=at, &other);
            if changed != text {
                prop_assert_ne!(RefreshToken::parse(&changed), Ok(token));
            }
        }

        #[test]
        fn anything_can_be_read_without_harm(text in ".{0,120}") {
            let _ = RefreshToken::parse(&text);
            let _ = RefreshToken::parse(&format!("crr_{text}"));
        }
    }

    #[test]
    fn nothing_secret_shows_in_debug_output() {
        let token = RefreshToken::first(Uuid::nil().into(), Uuid::nil().into(), Kid::from_bytes([0; 8]), [0xab; 32]);
        let shown = format!("{token:?}");
        assert!(!shown.contains("171") && !shown.contains("abab"), "{shown}");
    }
}
