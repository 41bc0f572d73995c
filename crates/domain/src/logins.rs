//! Sign-in attempts, recorded one by one for login analytics.

use std::net::IpAddr;

use crate::civil::Instant;
use crate::error::StoreError;
use crate::ids::{LoginId, UserId};

words! {
    /// How a user tried to sign in.
    pub enum LoginMethod {
        /// With a password.
        Password = "password",
        /// Through an OpenID provider.
        Provider = "provider",
        /// With a second factor, after a password.
        Totp = "totp",
        /// With a passkey: alone, or as the second factor after a password.
        Passkey = "passkey",
    }
}

words! {
    /// Why an attempt failed.
    pub enum LoginFailure {
        /// No account has this name or address.
        UnknownUser = "unknown_user",
        /// The password was wrong.
        WrongPassword = "wrong_password",
        /// The account may not sign in.
        Inactive = "inactive",
        /// The address isn't verified yet.
        EmailNotVerified = "email_not_verified",
        /// The second factor was wrong.
        WrongCode = "wrong_code",
        /// The passkey's answer wasn't valid.
        WrongPasskey = "wrong_passkey",
        /// The first factor was right, and the second is required. The second is recorded as an attempt of its own, so
        /// this one counts neither as a success nor as a failure in statistics.
        SecondFactorRequired = "second_factor_required",
    }
}

/// An attempt to sign in.
#[derive(Debug, Clone)]
pub struct LoginAttempt {
    /// The id.
    pub id: LoginId,
    /// The account, if there is one.
    pub user: Option<UserId>,
    /// A keyed hash of the submitted name or address (32 bytes), so that attempts on one unknown account can be grouped
    /// without storing it in clear.
    pub identifier_hash: [u8; 32],
    /// The time.
    pub at: Instant,
    /// The IP address.
    pub ip: Option<IpAddr>,
    /// With what, at most 400 characters.
    pub user_agent: Option<String>,
    /// The method.
    pub method: LoginMethod,
    /// `None` if it succeeded.
    pub failure: Option<LoginFailure>,
}

/// How often a user signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoginCounts {
    /// Ever.
    pub total: i64,
    /// Since the first given instant.
    pub this_week: i64,
    /// Since the second given instant.
    pub this_month: i64,
}

/// Login attempts in a store.
pub trait LoginRepository {
    /// Records an attempt.
    ///
    /// # Errors
    /// [`StoreError::NoSuchUser`] if the account was deleted meanwhile.
    fn insert_login(&mut self, attempt: &LoginAttempt) -> Result<(), StoreError>;

    /// Successful logins of a user: all, since `week`, and since `month`.
    fn login_counts(&mut self, user: UserId, week: Instant, month: Instant) -> Result<LoginCounts, StoreError>;
}
