//! Limits attempts per account.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use circadia_auth::accounts::Sought;
use circadia_auth::devices::KnownDevice;
use circadia_auth::throttles::{Quota, Throttle};
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::users::Login;

use crate::clock::Clock;
use crate::error::Error;

/// What attempts are counted for. Each target has its own count.
#[derive(Debug, Clone, Copy)]
pub enum AttemptTarget<'a> {
    /// The password of an account, by a client that isn't known; whichever of its names was typed.
    Guess(UserId),
    /// The password of a name or address that no account has.
    GuessInVain(&'a str),
    /// The password of an account, by a device that signed in to it before: with this session.
    KnownDevice(SessionId),
    /// The password of an account, from a network where it signed in before.
    KnownNetwork(UserId, IpAddr),
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

impl<'a> AttemptTarget<'a> {
    /// What an attempt to sign in is counted for. Strangers share one count, in which waits grow; each device and network
    /// that signed in to the account before has its own, which strangers can't use up.
    pub(crate) fn of_login(
        login: &'a Login,
        sought: &Sought,
        devices: &[KnownDevice],
        network: Option<IpAddr>,
    ) -> Self {
        let Some(account) = sought.account else { return Self::GuessInVain(login.key()) };
        if let Some(device) = devices.iter().find(|device| device.user == account) {
            return Self::KnownDevice(device.session);
        }
        match network.filter(|network| sought.networks.contains(network)) {
            Some(network) => Self::KnownNetwork(account, network),
            None => Self::Guess(account),
        }
    }

    const fn is_a_guess(&self) -> bool {
        matches!(self, Self::Guess(_) | Self::GuessInVain(_))
    }
}

impl fmt::Display for AttemptTarget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guess(user) => write!(f, "guess {user}"),
            Self::GuessInVain(login) => write!(f, "guess {login}"),
            Self::KnownDevice(session) => write!(f, "device {session}"),
            Self::KnownNetwork(user, network) => write!(f, "network {user} {network}"),
            Self::Registration(email) => write!(f, "registration {email}"),
            Self::Verification(email) => write!(f, "verification {email}"),
            Self::PasswordReset(email) => write!(f, "reset {email}"),
            Self::Password(user) => write!(f, "password {user}"),
            Self::SecondFactor(user) => write!(f, "second factor {user}"),
        }
    }
}

/// How attempts per account are limited.
#[derive(Clone)]
pub struct AccountLimit {
    pub quota: Quota,
    /// An even refill.
    pub even: Arc<dyn Throttle>,
    /// Growing waits, for guesses.
    pub growing: Arc<dyn Throttle>,
}

impl fmt::Debug for AccountLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountLimit").field("quota", &self.quota).finish_non_exhaustive()
    }
}

/// Limits attempts per account. Cheap to clone.
#[derive(Clone)]
pub struct AccountThrottle {
    limit: Option<AccountLimit>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for AccountThrottle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountThrottle").field("limited", &self.limit.is_some()).finish_non_exhaustive()
    }
}

impl AccountThrottle {
    /// Without a `limit`, every attempt is allowed.
    pub fn new(limit: Option<AccountLimit>, clock: Arc<dyn Clock>) -> Self {
        Self { limit, clock }
    }

    /// Counts an attempt.
    ///
    /// # Errors
    /// [`Error::AccountRateLimited`].
    pub async fn attempt(&self, target: AttemptTarget<'_>) -> Result<(), Error> {
        let Some(limit) = &self.limit else { return Ok(()) };
        let guess = target.is_a_guess();
        let throttle = if guess { &limit.growing } else { &limit.even };
        let decision = throttle.attempt(&target.to_string(), self.clock.now()).await;
        if decision.allowed {
            return Ok(());
        }
        Err(Error::AccountRateLimited { quota: limit.quota, decision, guess })
    }
}
