//! Identities of users at external providers (Google) that they may sign in with.
//!
//! An identity is recognised by the provider's *subject*, which never changes and is never reassigned. An email address
//! can change and be reassigned, so it never links accounts by itself.

use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::UserId;
use crate::users::Email;

words! {
    /// The provider of an identity.
    pub enum Provider {
        /// Google.
        Google = "google",
    }
}

/// By what a provider knows a user: 1–255 visible ASCII characters, compared with their case (OpenID Connect Core 1.0
/// §2, `sub`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject(String);

impl Subject {
    /// Checks a subject; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let fine = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fine.then(|| Self(text.to_owned()))
    }

    /// Takes a subject that was checked before it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The subject.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// That a user is a user with a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: UserId,
    /// With whom; a user has one identity with each provider at most.
    pub provider: Provider,
    /// By what the provider knows them; one user at most has it.
    pub subject: Subject,
    /// The address verified by the provider at the time of linking.
    pub email: Email,
    /// When that was.
    pub linked_at: Instant,
}

/// Identities in a store.
pub trait IdentityRepository {
    /// Links a user to an identity.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] if a user is linked to it already, or the user to another one.
    fn insert_identity(&mut self, identity: &Identity) -> Result<(), StoreError>;

    /// The identity with this subject, of any user; the first step of signing in.
    fn find_identity(&mut self, provider: Provider, subject: &Subject) -> Result<Option<Identity>, StoreError>;

    /// A user's identity with a provider.
    fn identity_of(&mut self, user: UserId, provider: Provider) -> Result<Option<Identity>, StoreError>;

    /// Unlinks a user from a provider. Whether they were linked.
    fn delete_identity(&mut self, user: UserId, provider: Provider) -> Result<bool, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_short_and_visible() {
        assert!(Subject::parse("110169484474386276334").is_some());
        assert!(Subject::parse(&"x".repeat(255)).is_some());
        for wrong in ["", "a b", "a\0", "é", "a\n", &"x".repeat(256)] {
            assert!(Subject::parse(wrong).is_none(), "{wrong:?}");
        }
    }
}
