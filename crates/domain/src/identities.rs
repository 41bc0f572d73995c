//! Identities of users at external providers (OpenID Connect) that they may sign in with.
//!
//! An identity is recognised by its *issuer* and *subject*: a subject never changes and is never reassigned, and two
//! issuers may use the same one for different people. An email address can change and be reassigned, so it never links
//! accounts by itself.

use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::UserId;
use crate::users::Email;
use crate::violation::Violations;

/// What a provider is called in the configuration and in URLs: 1–32 lowercase letters, digits and single hyphens,
/// beginning with a letter (`google`, `my-work`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderName(String);

impl ProviderName {
    /// The name of the provider that is configured by `CIRCADIA_GOOGLE_*`.
    pub const GOOGLE: &'static str = "google";

    /// Reads a name.
    ///
    /// # Errors
    /// `invalid_provider`.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        let is_part = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let fine = (1..=32).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.split('-').all(is_part);
        if fine {
            Ok(Self(text.to_owned()))
        } else {
            Err(Violations::of(
                "invalid_provider",
                "must have 1 to 32 lowercase letters, digits and single hyphens, beginning with a letter",
            ))
        }
    }

    /// Takes a name that was checked before it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ProviderName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// Who vouches for a subject, a URL of 1–255 visible ASCII characters, compared as text (OpenID Connect Core 1.0 §2,
/// `iss`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Issuer(String);

impl Issuer {
    /// Checks an issuer; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        is_visible(text).then(|| Self(text.to_owned()))
    }

    /// Takes an issuer that was checked before it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The issuer.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// By what an issuer knows a user: 1–255 visible ASCII characters, compared with their case (OpenID Connect Core 1.0
/// §2, `sub`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject(String);

impl Subject {
    /// Checks a subject; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        is_visible(text).then(|| Self(text.to_owned()))
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

fn is_visible(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// That a user is known to an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: UserId,
    /// Who vouches for them; a user has one identity with each issuer at most.
    pub issuer: Issuer,
    /// By what the issuer knows them; one user at most has it.
    pub subject: Subject,
    /// What the provider was called when it was linked.
    pub provider: ProviderName,
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
    /// [`StoreError::Duplicate`] if a user is linked to it already, or the user to another one of the issuer.
    fn insert_identity(&mut self, identity: &Identity) -> Result<(), StoreError>;

    /// The identity with this subject, of any user; the first step of signing in.
    fn find_identity(&mut self, issuer: &Issuer, subject: &Subject) -> Result<Option<Identity>, StoreError>;

    /// A user's identities, by when they were linked.
    fn identities_of(&mut self, user: UserId) -> Result<Vec<Identity>, StoreError>;

    /// Unlinks a user from an issuer. Whether they were linked.
    fn delete_identity(&mut self, user: UserId, issuer: &Issuer) -> Result<bool, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_and_issuers_are_short_and_visible() {
        assert!(Subject::parse("110169484474386276334").is_some());
        assert!(Subject::parse(&"x".repeat(255)).is_some());
        assert!(Issuer::parse("https://accounts.google.com").is_some());
        for wrong in ["", "a b", "a\0", "é", "a\n", &"x".repeat(256)] {
            assert!(Subject::parse(wrong).is_none() && Issuer::parse(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn names_of_providers_are_fit_for_urls_and_for_names_of_variables() {
        for right in ["google", "a", "my-work", "s3", &"x".repeat(32)] {
            assert_eq!(ProviderName::parse(right).unwrap().as_str(), right);
        }
        for wrong in ["", "Google", "my_work", "-a", "a-", "a--b", "3s", "a b", "a/b", "é", "a\0", &"x".repeat(33)] {
            assert!(ProviderName::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
