//! Limits attempts per account.

use std::fmt;
use std::sync::Arc;

use circadia_auth::throttles::{Quota, Throttle};
use circadia_domain::ids::UserId;

use crate::clock::Clock;
use crate::error::Error;

/// What attempts are counted for. Each target has its own count.
#[derive(Debug, Clone, Copy)]
pub enum AttemptTarget<'a> {
    /// An account, by the name or address that was typed. Counting both together would reveal that they belong to the
    /// same account.
    Login(&'a str),
    /// An address to register with.
    Registration(&'a str),
    /// An address to send a verification link to.
    Verification(&'a str),
    /// An address to send a reset link to.
    PasswordReset(&'a str),
    /// The password of a signed-in user.
    Password(UserId),
    /// The second factor of a user.
    SecondFactor(UserId),
}

impl fmt::Display for AttemptTarget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login(login) => write!(f, "login {login}"),
            Self::Registration(email) => write!(f, "registration {email}"),
            Self::Verification(email) => write!(f, "verification {email}"),
            Self::PasswordReset(email) => write!(f, "reset {email}"),
            Self::Password(user) => write!(f, "password {user}"),
            Self::SecondFactor(user) => write!(f, "second factor {user}"),
        }
    }
}

/// Limits attempts per account. Cheap to clone.
#[derive(Clone)]
pub struct AccountThrottle {
    limit: Option<(Arc<dyn Throttle>, Quota)>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for AccountThrottle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountThrottle").field("limited", &self.limit.is_some()).finish_non_exhaustive()
    }
}

impl AccountThrottle {
    /// Without a `limit`, every attempt is allowed.
    pub fn new(limit: Option<(Arc<dyn Throttle>, Quota)>, clock: Arc<dyn Clock>) -> Self {
        Self { limit, clock }
    }

    /// Counts an attempt.
    ///
    /// # Errors
    /// [`Error::AccountRateLimited`].
    pub async fn attempt(&self, target: AttemptTarget<'_>) -> Result<(), Error> {
        let Some((throttle, quota)) = &self.limit else { return Ok(()) };
        let decision = throttle.attempt(&target.to_string(), self.clock.now()).await;
        if decision.allowed { Ok(()) } else { Err(Error::AccountRateLimited { quota: *quota, decision }) }
    }
}
