//! The text form of a one-time token.

use std::fmt;

use circadia_domain::ids::UserId;
use circadia_domain::one_time::OneTimePurpose;
use uuid::Uuid;

use crate::bytes::{Bytes32, base64url, from_base64url, sha256};
use crate::entropy::{Entropy, random};

/// A one-time token: purpose, user and 256 random bits. Written as 66 letters, digits, `-` and `_`.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeToken {
    /// Its purpose.
    pub purpose: OneTimePurpose,
    /// The user.
    pub user: UserId,
    pub(super) secret: Bytes32,
}

/// The byte for a purpose. Never reused for another.
const fn letter(purpose: OneTimePurpose) -> u8 {
    match purpose {
        OneTimePurpose::VerifyEmail => 1,
        OneTimePurpose::ResetPassword => 2,
        OneTimePurpose::ChangeEmail => 3,
    }
}

impl OneTimeToken {
    /// A new random token.
    pub(super) fn fresh(purpose: OneTimePurpose, user: UserId, entropy: &dyn Entropy) -> Self {
        Self { purpose, user, secret: random(entropy) }
    }

    /// Parses a token; `None` if it is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = from_base64url(text)?;
        let (first, rest) = bytes.split_first()?;
        let (user, secret) = rest.split_first_chunk::<16>()?;
        let purpose = OneTimePurpose::ALL.into_iter().find(|purpose| letter(*purpose) == *first)?;
        Some(Self { purpose, user: Uuid::from_bytes(*user).into(), secret: secret.try_into().ok()? })
    }

    /// The text to send.
    pub fn text(&self) -> String {
        base64url(&[&[letter(self.purpose)][..], self.user.as_uuid().as_bytes(), &self.secret].concat())
    }

    /// The stored hash.
    pub(super) fn hash(&self) -> Bytes32 {
        sha256(&self.secret)
    }
}

impl fmt::Debug for OneTimeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneTimeToken").field("purpose", &self.purpose).field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Seeded, id};

    #[test]
    fn a_token_reads_back_as_written_and_shows_no_secret() {
        for purpose in OneTimePurpose::ALL {
            let token = OneTimeToken::fresh(purpose, id(7).into(), &Seeded::new(3));
            let text = token.text();
            assert_eq!((text.len(), OneTimeToken::parse(&text)), (66, Some(token.clone())));
            assert!(!format!("{token:?}").contains("secret"));
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let text = OneTimeToken::fresh(OneTimePurpose::VerifyEmail, id(7).into(), &Seeded::new(3)).text();
        let unknown_purpose = format!("BA{}", &text[2..]);
        for wrong in ["", "x", &text[1..], &format!("{text}A"), &format!("{text}="), "é", &unknown_purpose] {
            assert_eq!(OneTimeToken::parse(wrong), None, "{wrong}");
        }
    }
}
