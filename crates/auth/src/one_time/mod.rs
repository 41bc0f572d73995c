//! One-time tokens: 256 random bits sent by mail, of which only the SHA-256 is stored. A newer token supersedes the
//! earlier one. Using a token deletes it, and so does anything that makes it pointless.

mod token;

pub use token::OneTimeToken;

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::one_time::{OneTimePurpose, OneTimeRepository, StoredOneTimeToken};
use circadia_domain::users::Email;

use crate::bytes::same;
use crate::entropy::Entropy;

/// Why a token was refused. The reason isn't revealed: unknown, used, superseded or expired.
#[derive(Debug, thiserror::Error)]
pub enum OneTimeRefusal {
    /// The token isn't valid.
    #[error("the token is no good, or no longer")]
    NoGood,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for OneTimeRefusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoSuchUser => Self::NoGood,
            other => Self::Store(other),
        }
    }
}

/// Creates a token, which supersedes any other of the same user and purpose. Runs in any writing unit of work.
///
/// # Errors
/// [`StoreError::NoSuchUser`] if the account was deleted; those of the store.
pub fn issue<S: OneTimeRepository + ?Sized>(
    store: &mut S,
    purpose: OneTimePurpose,
    user: UserId,
    email: &Email,
    entropy: &dyn Entropy,
    now: Instant,
) -> Result<OneTimeToken, StoreError> {
    let token = OneTimeToken::fresh(purpose, user, entropy);
    store.put_one_time_token(&StoredOneTimeToken {
        user,
        purpose,
        token_hash: token.hash(),
        email: email.clone(),
        created_at: now,
        expires_at: now.plus_seconds(purpose.life()),
    })?;
    Ok(token)
}

/// The address a token proves, if it is valid. The token isn't deleted: the caller does that in the same unit of work,
/// which must be one of the user's, so that only one of two concurrent uses succeeds.
///
/// # Errors
/// [`OneTimeRefusal::NoGood`]; those of the store.
pub fn look_up<S: OneTimeRepository + ?Sized>(
    store: &mut S,
    token: &OneTimeToken,
    now: Instant,
) -> Result<StoredOneTimeToken, OneTimeRefusal> {
    let stored = store.find_one_time_token(token.user, token.purpose)?.ok_or(OneTimeRefusal::NoGood)?;
    let good = same(&stored.token_hash, &token.hash()) && now < stored.expires_at;
    if good { Ok(stored) } else { Err(OneTimeRefusal::NoGood) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{InMemoryStore, NOW, Seeded, id};

    const PURPOSE: OneTimePurpose = OneTimePurpose::ResetPassword;

    fn is_good(store: &mut InMemoryStore, token: &OneTimeToken, now: Instant) -> bool {
        match look_up(store, token, now) {
            Ok(_) => true,
            Err(OneTimeRefusal::NoGood) => false,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn one_time_tokens_expire_and_newer_ones_supersede_them() {
        let (mut store, entropy) = (InMemoryStore::with_user(id(1), None), Seeded::new(1));
        let email = Email::parse("ada@example.org").unwrap();
        let make =
            |store: &mut InMemoryStore, purpose| issue(store, purpose, id(1).into(), &email, &entropy, NOW).unwrap();
        let first = make(&mut store, PURPOSE);
        let other = make(&mut store, OneTimePurpose::VerifyEmail);
        assert!(is_good(&mut store, &first, NOW.plus_seconds(3_599)));
        assert!(!is_good(&mut store, &first, NOW.plus_seconds(3_600)));
        assert!(is_good(&mut store, &other, NOW.plus_seconds(86_399)));
        assert!(!is_good(&mut store, &other, NOW.plus_seconds(86_400)));
        let second = make(&mut store, PURPOSE);
        assert!(!is_good(&mut store, &first, NOW) && is_good(&mut store, &second, NOW));
        assert!(is_good(&mut store, &other, NOW));
    }

    #[test]
    fn one_time_tokens_are_stored_hashed_and_are_good_for_one_purpose_and_user() {
        let (mut store, entropy) = (InMemoryStore::with_user(id(1), None), Seeded::new(2));
        let email = Email::parse("ada@example.org").unwrap();
        let token = issue(&mut store, PURPOSE, id(1).into(), &email, &entropy, NOW).unwrap();
        assert_eq!(store.one_time_tokens[0].token_hash, token.hash());
        let text = token.text();
        assert!(!text.as_bytes().windows(32).any(|window| *window == store.one_time_tokens[0].token_hash));
        for wrong in [
            OneTimeToken { purpose: OneTimePurpose::VerifyEmail, ..token.clone() },
            OneTimeToken { user: id(2).into(), ..token.clone() },
            OneTimeToken::fresh(PURPOSE, id(1).into(), &entropy),
        ] {
            assert!(!is_good(&mut store, &wrong, NOW));
        }
        assert!(is_good(&mut store, &token, NOW));
    }
}
