//! Reauthenticates a signed-in user before actions that can't be undone, or that must not be possible with a stolen
//! session.

use std::sync::Arc;

use circadia_auth::tokens::LEEWAY;
use circadia_domain::code::Code;
use circadia_domain::error::StoreError;
use circadia_domain::sessions::{FirstFactor, Session};

use crate::authenticate::Principal;
use crate::context::Context;
use crate::error::{Error, wrong_password};
use crate::passwords::{Passwords, SubmittedPassword};
use crate::throttle::{AccountThrottle, AttemptTarget};

/// How long a sign-in counts as proof, in seconds.
const FRESH_SIGN_IN_SECONDS: i64 = 5 * 60;

/// Asks for the password again, or for a fresh sign-in.
#[derive(Debug)]
pub struct Reauthentication {
    pub context: Context,
    pub passwords: Arc<Passwords>,
    pub throttle: AccountThrottle,
}

impl Reauthentication {
    /// Takes the account's password.
    ///
    /// # Errors
    /// `wrong_password`; [`Error::AccountRateLimited`].
    pub async fn by_password(&self, principal: Principal, submitted: SubmittedPassword) -> Result<(), Error> {
        let user = principal.user;
        // Before anything is decrypted, as at the log-in.
        self.throttle.attempt(AttemptTarget::Password(user)).await?;
        let password = self.passwords.to_check(submitted).await?;
        let found = self.context.unit_of_work.read::<_, StoreError>(move |store| store.credentials_of(user)).await?;
        let hash = found.and_then(|credentials| credentials.password_hash);
        if self.passwords.verify(password.as_ref(), hash).await?.matches { Ok(()) } else { Err(wrong_password()) }
    }

    /// Takes the password, or else a session that was opened at most five minutes ago.
    ///
    /// # Errors
    /// `wrong_password`, `reauthentication_required`; [`Error::AccountRateLimited`].
    pub async fn by_password_or_fresh_sign_in(
        &self,
        principal: Principal,
        submitted: SubmittedPassword,
    ) -> Result<(), Error> {
        let detail = "Send the password, or sign in again and repeat the request within five minutes.";
        self.by_password_or_session(principal, submitted, |_| true, detail).await
    }

    /// Takes the password, or else a session that was opened through a provider or by a passkey at most five minutes ago.
    ///
    /// # Errors
    /// `wrong_password`, `reauthentication_required`; [`Error::AccountRateLimited`].
    pub async fn by_password_or_provider(
        &self,
        principal: Principal,
        submitted: SubmittedPassword,
    ) -> Result<(), Error> {
        let is_proof = |session: &Session| session.first_factor != FirstFactor::Password;
        let detail = "Send the password, or sign in through a provider or by a passkey again and repeat the request within five \
             minutes.";
        self.by_password_or_session(principal, submitted, is_proof, detail).await
    }

    async fn by_password_or_session(
        &self,
        principal: Principal,
        submitted: SubmittedPassword,
        is_proof: impl Fn(&Session) -> bool,
        detail: &'static str,
    ) -> Result<(), Error> {
        if let Some(submitted) = submitted.into_option() {
            return self.by_password(principal, submitted).await;
        }
        let found = self
            .context
            .unit_of_work
            .read::<_, StoreError>(move |store| store.find_session(principal.user, principal.session))
            .await?;
        let now = self.context.now();
        let is_fresh = |session: &Session| {
            session.created_at <= now.plus_seconds(LEEWAY)
                && now < session.created_at.plus_seconds(FRESH_SIGN_IN_SECONDS)
        };
        if found.is_some_and(|state| is_fresh(&state.session) && is_proof(&state.session)) {
            Ok(())
        } else {
            Err(Error::refused(Code::ReauthenticationRequired, detail))
        }
    }
}
