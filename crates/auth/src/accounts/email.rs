//! Verifying an email address: the account's current one, or a new one that replaces it.

use circadia_domain::civil::Instant;
use circadia_domain::error::{StoreError, Unique};
use circadia_domain::one_time::{OneTimePurpose, OneTimeRepository};
use circadia_domain::revision::Revision;
use circadia_domain::unit_of_work::UnitOfWorkError;
use circadia_domain::users::{User, UserRepository};

use crate::one_time::{self, OneTimeRefusal, OneTimeToken};

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmailProof {
    /// The account's current address was verified for the first time.
    Verified(User),
    /// A new address was verified; it is the account's address from now on.
    Changed(User),
}

/// Why an address was not verified.
#[derive(Debug, thiserror::Error)]
pub enum EmailRefusal {
    /// The token is unknown, used, superseded or expired.
    #[error(transparent)]
    Token(#[from] OneTimeRefusal),
    /// Another account has the address by now.
    #[error("there is an account with this e-mail address by now")]
    Taken,
}

impl From<StoreError> for EmailRefusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate(Unique::Email) => Self::Taken,
            other => Self::Token(other.into()),
        }
    }
}

impl UnitOfWorkError for EmailRefusal {}

/// Verifies the address that a token was sent to. Runs in the writing unit of work of the token's user; `rev` is its
/// revision.
///
/// # Errors
/// [`EmailRefusal`].
pub fn prove_email<S: UserRepository + OneTimeRepository + ?Sized>(
    store: &mut S,
    rev: Revision,
    token: &OneTimeToken,
    now: Instant,
) -> Result<EmailProof, EmailRefusal> {
    if token.purpose == OneTimePurpose::ResetPassword {
        return Err(OneTimeRefusal::NoGood.into());
    }
    let stored = one_time::look_up(store, token, now)?;
    let user = store.find_user(token.user)?.ok_or(OneTimeRefusal::NoGood)?;
    let is_change = token.purpose == OneTimePurpose::ChangeEmail;
    // A link sent to a former address of the account doesn't verify the current one.
    if !is_change && stored.email != user.email {
        return Err(OneTimeRefusal::NoGood.into());
    }
    store.confirm_email(user.id, &stored.email, rev, now)?;
    // Links already sent to the former address are void from here on.
    store.delete_one_time_tokens(
        user.id,
        if is_change { &OneTimePurpose::ALL } else { &[OneTimePurpose::VerifyEmail] },
    )?;
    let proven = User { email: stored.email, email_verified_at: Some(now), updated_at: now, rev, ..user };
    Ok(if is_change { EmailProof::Changed(proven) } else { EmailProof::Verified(proven) })
}

#[cfg(test)]
mod tests {
    use circadia_domain::users::Email;

    use super::*;
    use crate::testing::{InMemoryStore, NOW, Seeded, id};

    const REV: Revision = Revision(2);

    fn sent(store: &mut InMemoryStore, purpose: OneTimePurpose, email: &str) -> OneTimeToken {
        let email = Email::parse(email).unwrap();
        one_time::issue(store, purpose, id(1).into(), &email, &Seeded::new(1), NOW).unwrap()
    }

    #[test]
    fn a_link_proves_the_address_it_was_sent_to_once() {
        let mut store = InMemoryStore::with_user(id(1), None);
        let token = sent(&mut store, OneTimePurpose::VerifyEmail, "ada@example.org");
        let Ok(EmailProof::Verified(user)) = prove_email(&mut store, REV, &token, NOW) else { panic!() };
        assert_eq!(user.email_verified_at, Some(NOW));
        assert_eq!(store.find_user(id(1).into()).unwrap().unwrap().email_verified_at, Some(NOW));
        let again = prove_email(&mut store, REV, &token, NOW);
        assert!(matches!(again, Err(EmailRefusal::Token(OneTimeRefusal::NoGood))), "{again:?}");
    }

    #[test]
    fn a_new_address_ends_every_link_to_the_old_one() {
        let mut store = InMemoryStore::with_user(id(1), None);
        let old = sent(&mut store, OneTimePurpose::VerifyEmail, "ada@example.org");
        let change = sent(&mut store, OneTimePurpose::ChangeEmail, "countess@example.org");
        let Ok(EmailProof::Changed(user)) = prove_email(&mut store, REV, &change, NOW) else { panic!() };
        assert_eq!(user.email.as_str(), "countess@example.org");
        assert!(prove_email(&mut store, REV, &old, NOW).is_err());
        assert!(store.one_time_tokens.is_empty());
    }

    #[test]
    fn neither_a_token_for_a_password_nor_one_to_another_address_proves_anything() {
        let mut store = InMemoryStore::with_user(id(1), None);
        for (purpose, email) in
            [(OneTimePurpose::ResetPassword, "ada@example.org"), (OneTimePurpose::VerifyEmail, "before@example.org")]
        {
            let token = sent(&mut store, purpose, email);
            assert!(prove_email(&mut store, REV, &token, NOW).is_err());
        }
        assert_eq!(store.find_user(id(1).into()).unwrap().unwrap().email_verified_at, None);
    }
}
