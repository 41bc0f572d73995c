//! Names, addresses, roles.

use std::fmt;

use email_address::EmailAddress;
use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization as _;
use validator::ValidateEmail as _;

use crate::text::key_of;
use crate::violation::Violations;

/// A user's name: 3–32 letters, digits, `.`, `_` or `-`, of ASCII; unique, ignoring case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    /// The fewest characters of a name.
    pub const MIN: usize = 3;
    /// The most characters of a name.
    pub const MAX: usize = 32;

    /// Checks a name.
    ///
    /// # Errors
    /// `too_short`, `too_long`, `invalid_username`.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        let mut wrong = Violations::new();
        let length = text.chars().count();
        if length < Self::MIN {
            wrong.add("", "too_short", format!("must have at least {} characters", Self::MIN));
        } else if length > Self::MAX {
            wrong.add("", "too_long", format!("must have at most {} characters, but has {length}", Self::MAX));
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
            wrong.add("", "invalid_username", "may only contain the letters a–z and A–Z, digits, `.`, `_` and `-`");
        }
        if wrong.is_empty() { Ok(Self(text.to_owned())) } else { Err(wrong) }
    }

    /// Takes a name that was checked before it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which two names are the same.
    pub fn key(&self) -> String {
        key_of(&self.0)
    }
}

impl Serialize for Username {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

json_value!(Username: str => Self::parse;
    "Username",
    schema::text()
        .min_length(Some(Self::MIN))
        .max_length(Some(Self::MAX))
        .pattern(Some("^[A-Za-z0-9._-]+$"))
        .examples(["ada"]));

/// An e-mail address in the one form it is stored, compared and written to: NFKC, lower case, the domain in its ASCII
/// form (IDNA, UTS #46).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// The most characters of an address: RFC 5321 §4.5.3.1.3, less the angle brackets.
    pub const MAX: usize = 254;

    /// Normalises and checks an address.
    ///
    /// # Errors
    /// `invalid_email`, or `too_long` beyond [`Self::MAX`] characters.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        let too_long = || Violations::of("too_long", format!("must have at most {} characters", Self::MAX));
        let invalid = || Violations::of("invalid_email", "is not an e-mail address such as `ada@example.org`");
        if text.len() > 1024 {
            return Err(too_long());
        }
        // Before normalising: some control characters and blanks would be normalised into harmless ones.
        if text.chars().any(char::is_control) {
            return Err(invalid());
        }
        let normal = text.trim().nfkc().collect::<String>().to_lowercase();
        let (local, domain) = normal.rsplit_once('@').ok_or_else(invalid)?;
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| invalid())?;
        let address = format!("{local}@{domain}");
        if address.len() > Self::MAX {
            return Err(too_long());
        }
        // The second is what the mail library asks of an address (RFC 5321): without it, no mail could be sent there.
        let mailable = EmailAddress::is_valid_local_part(local) && EmailAddress::is_valid_domain(&domain);
        if !domain.contains('.') && domain != "localhost" || !address.validate_email() || !mailable {
            return Err(invalid());
        }
        Ok(Self(address))
    }

    /// Takes an address that was normalised before it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Email {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

json_value!(Email: str => Self::parse;
    "Email",
    schema::text_of(schema::KnownFormat::Email)
        .max_length(Some(Self::MAX))
        .examples(["ada@example.org"]));

/// The name or address given at sign-in. It is never invalid: a malformed one simply matches no account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Login {
    /// By address, in its normal form.
    Email(String),
    /// By name, in its comparable form.
    Username(String),
}

impl Login {
    /// An address as a user typed it.
    pub fn email(text: &str) -> Self {
        Self::Email(Email::parse(text).map_or_else(|_| key_of(text), |email| email.0))
    }

    /// A name as a user typed it.
    pub fn username(text: &str) -> Self {
        Self::Username(key_of(text))
    }

    /// The comparable form.
    pub fn key(&self) -> &str {
        match self {
            Self::Email(key) | Self::Username(key) => key,
        }
    }
}

words! {
    /// What a user may do.
    #[derive(PartialOrd, Ord)]
    pub enum Role {
        /// Their own data.
        Regular = "regular",
        /// Also see other users' activity.
        Staff = "staff",
        /// Also manage users.
        Superuser = "superuser",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_form() {
        for same in ["Ada@Example.org", " ada@example.org ", "ada@EXAMPLE.org", "ａda@example.org"] {
            assert_eq!(Email::parse(same).unwrap().as_str(), "ada@example.org");
        }
        assert_eq!(Email::parse("i@Bücher.example").unwrap().as_str(), "i@xn--bcher-kva.example");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in [
            "",
            "ada",
            "ada@",
            "@example.org",
            "a b@example.org",
            "ada@example",
            "ada\r\n@example.org",
            "ada@exa mple.org",
            "ada@example.org\0",
            "ada@-example.org",
        ] {
            assert!(Email::parse(wrong).is_err(), "{wrong:?} was accepted");
        }
        assert!(Email::parse(&format!("{}@example.org", "a".repeat(300))).is_err());
    }

    #[test]
    fn names_are_ascii_and_compare_without_case() {
        assert_eq!(Username::parse("Ada.L-1_").unwrap().key(), "ada.l-1_");
        for wrong in
            ["ab", "\u{200B}\u{200B}\u{200B}", "ada\u{200D}", "ada lovelace", "ädä", "a\0b", "a@b.c", &"a".repeat(33)]
        {
            assert!(Username::parse(wrong).is_err(), "{wrong:?} was accepted");
        }
    }
}
