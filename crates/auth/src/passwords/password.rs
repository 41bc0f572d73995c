//! A password in the normalised form that is hashed.

use std::fmt;

use circadia_domain::users::{Email, Username};
use circadia_domain::violation::Violations;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::policy;

/// A password: NFC, at most 128 code points. Never shown, and wiped from memory when dropped.
///
/// NFC, because keyboards differ in how they compose an `é` (NIST SP 800-63B-4 §3.1.1.2); nothing else is changed, so
/// blanks and capitals count.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Normalises a password for verification; its strength isn't checked.
    ///
    /// # Errors
    /// `too_long`. No stored password is that long, and the check is the same for every account, so it reveals nothing.
    pub fn given(text: &str) -> Result<Self, Violations> {
        let password = Self::normalised(text)?;
        if policy::is_too_long(&password.0) { Err(policy::too_long()) } else { Ok(password) }
    }

    /// Checks a new password for the account with this username and address.
    ///
    /// # Errors
    /// Every reason to reject it: `too_short`, `too_long`, `all_numeric`, `common`,
    /// `similar_to_username`, `similar_to_email`, `guessable`.
    pub fn chosen(text: &str, username: Option<&Username>, email: Option<&Email>) -> Result<Self, Violations> {
        let password = Self::normalised(text)?;
        let wrong = policy::weaknesses(&password.0, username.map(Username::as_str), email.map(Email::as_str));
        if wrong.is_empty() { Ok(password) } else { Err(wrong) }
    }

    fn normalised(text: &str) -> Result<Self, Violations> {
        // Composition shrinks a text by a small factor only, so a text this long can't become short enough.
        if text.len() > policy::MAX_LENGTH * 32 {
            return Err(policy::too_long());
        }
        Ok(Self(Zeroizing::new(text.nfc().collect())))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_compose_an_accent_are_one_password() {
        assert_eq!(Password::given("cafe\u{301}").unwrap().bytes(), Password::given("café").unwrap().bytes());
        assert_ne!(Password::given(" a").unwrap().bytes(), Password::given("a").unwrap().bytes());
    }

    #[test]
    fn long_passwords_are_refused_before_any_work() {
        assert!(Password::given(&"ü".repeat(128)).is_ok());
        assert!(Password::given(&"e\u{301}".repeat(128)).is_ok());
        for long in [129, 5_000, 1_000_000] {
            let wrong = Password::given(&"ü".repeat(long)).unwrap_err();
            assert_eq!(wrong.iter().map(|v| v.code).collect::<Vec<_>>(), ["too_long"]);
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        assert_eq!(format!("{:?}", Password::given("hunter2 hunter2").unwrap()), "Password(..)");
    }
}
