//! Passwords: as clients submit them, checking them, and replacing them.

use std::sync::Arc;

use circadia_auth::accounts::{EmailJob, PasswordRefusal, Reset, change_password, reset_password, resettable};
use circadia_auth::keys::Kid;
use circadia_auth::one_time::{OneTimeRefusal, OneTimeToken};
use circadia_auth::passwords::{Hasher, Password, Verified};
use circadia_domain::Error as DomainError;
use circadia_domain::audit::{self, AuditAction, AuditEvent};
use circadia_domain::code::Code;
use circadia_domain::error::StoreError;
use circadia_domain::users::{self, Email, Username};
use circadia_domain::violation::Violations;
use zeroize::Zeroizing;

use crate::authenticate::Principal;
use crate::context::Context;
use crate::emails::Emails;
use crate::error::{Error, wrong_password};
use crate::keys::Keys;
use crate::sessions::Sessions;
use crate::throttle::{AccountThrottle, AttemptTarget};

/// The names of the two fields that a password may come in.
#[derive(Debug, Clone, Copy)]
pub struct PasswordFields {
    pub plain: &'static str,
    pub encrypted: &'static str,
}

/// The fields of a password that signs in or is chosen.
pub const PASSWORD: PasswordFields = PasswordFields { plain: "password", encrypted: "encrypted_password" };
/// The fields of the present password, where it is changed.
pub const CURRENT_PASSWORD: PasswordFields =
    PasswordFields { plain: "current_password", encrypted: "encrypted_current_password" };
/// The fields of the new password, where it is changed.
pub const NEW_PASSWORD: PasswordFields = PasswordFields { plain: "new_password", encrypted: "encrypted_new_password" };

/// A password as a client submitted it: exactly one of the first two fields is there.
#[derive(Default)]
pub struct SubmittedPassword {
    pub plain: Option<Zeroizing<String>>,
    /// The ciphertext.
    pub encrypted: Option<Vec<u8>>,
    /// The key it was encrypted with. Without one, every key in use is tried.
    pub kid: Option<Kid>,
}

impl std::fmt::Debug for SubmittedPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SubmittedPassword(..)")
    }
}

impl SubmittedPassword {
    /// `None` if neither field was there.
    pub fn into_option(self) -> Option<Self> {
        (self.plain.is_some() || self.encrypted.is_some()).then_some(self)
    }
}

/// Checks and replaces passwords.
#[derive(Debug)]
pub struct Passwords {
    pub context: Context,
    pub keys: Arc<Keys>,
    pub hasher: Hasher,
    pub throttle: AccountThrottle,
    pub emails: Emails,
    pub sessions: Arc<Sessions>,
}

impl Passwords {
    /// The plain text; `None` if it can't be decrypted.
    async fn reveal(&self, submitted: SubmittedPassword) -> Result<Option<Zeroizing<String>>, Error> {
        let SubmittedPassword { plain, encrypted, kid } = submitted;
        let Some(ciphertext) = encrypted else { return Ok(plain) };
        let now = self.context.now();
        if !self.keys.ring().can_decrypt(kid, now) {
            // Another replica may have made the key since this one read them.
            self.keys.reload().await?;
        }
        let keys = self.keys.ring();
        let decrypted = tokio::task::spawn_blocking(move || keys.decrypt(kid, &ciphertext, now)).await;
        decrypted.map_err(Error::internal)
    }

    /// A password to be checked; `None` if it can't be decrypted, or can't be a password.
    ///
    /// # Errors
    /// The store's, when keys are read again.
    pub async fn to_check(&self, submitted: SubmittedPassword) -> Result<Option<Password>, Error> {
        Ok(self.reveal(submitted).await?.and_then(|text| Password::given(&text).ok()))
    }

    /// A password that is chosen for an account.
    ///
    /// # Errors
    /// `validation_failed` at the field it came in, with every reason why it isn't good enough.
    pub async fn to_choose(
        &self,
        submitted: SubmittedPassword,
        fields: PasswordFields,
        username: Option<&Username>,
        email: Option<&Email>,
    ) -> Result<Password, Error> {
        let field = if submitted.plain.is_some() { fields.plain } else { fields.encrypted };
        let refuse = |reasons: Violations| {
            let mut wrong = Violations::new();
            wrong.nest(&format!("/{field}"), reasons);
            Error::from(DomainError::Invalid(wrong))
        };
        let Some(text) = self.reveal(submitted).await? else {
            let detail = "can't be decrypted: encrypt it with the key of `GET /auth/public-key`";
            return Err(refuse(Violations::of("not_decryptable", detail)));
        };
        if text.contains('\0') {
            return Err(refuse(Violations::of("nul_character", "must not contain the NUL character")));
        }
        Password::chosen(&text, username, email).map_err(refuse)
    }

    /// The hash of a password that was chosen.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if too many passwords are being hashed.
    pub async fn hash(&self, password: Password) -> Result<String, Error> {
        Ok(self.hasher.hash(password).await?)
    }

    /// Compares a password with a stored hash. One that couldn't be decrypted costs the same work, and is wrong.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if too many passwords are being hashed.
    pub async fn verify(&self, password: Option<&Password>, stored: Option<String>) -> Result<Verified, Error> {
        if let Some(password) = password {
            return Ok(self.hasher.verify(password.clone(), stored).await?);
        }
        if let Ok(other) = Password::given("") {
            self.hasher.verify(other, stored).await?;
        }
        Ok(Verified::default())
    }

    /// Sends a link to choose another password, if the address has an account.
    ///
    /// # Errors
    /// `mail_disabled`; [`Error::AccountRateLimited`]; the store's.
    pub async fn forgot(&self, email: &Email) -> Result<(), Error> {
        let email = email.as_str().to_owned();
        self.throttle.attempt(AttemptTarget::PasswordReset(&email)).await?;
        self.emails.send_to_address(EmailJob::PasswordReset { email }).await
    }

    /// Replaces the password with the token of a link. Ends every session, personal token and pending link.
    ///
    /// # Errors
    /// `validation_failed` at `/token` or at the password's field; the store's.
    pub async fn reset(&self, token: &str, submitted: SubmittedPassword) -> Result<(), Error> {
        let token = one_time_token(token)?;
        let (now, sought) = (self.context.now(), token.clone());
        let user = self
            .context
            .unit_of_work
            .read::<_, Error>(move |store| Ok(resettable(store, &sought, now)?))
            .await
            .map_err(unknown_user_is_invalid_link)?;
        let password = self.to_choose(submitted, PASSWORD, Some(&user.username), Some(&user.email)).await?;
        let hash = self.hash(password).await?;
        let (now, ids, emails) = (self.context.now(), Arc::clone(&self.context.ids), self.emails.clone());
        self.context
            .unit_of_work
            .write::<_, Error>(token.user, now, move |tx| {
                let Reset { user, unlinked, without_second_factor, passkeys_removed } =
                    reset_password(tx.store, tx.rev, &token, &hash, now)?;
                let happened = [
                    (AuditAction::PASSWORD_RESET, true),
                    (AuditAction::PROVIDER_UNLINKED, unlinked),
                    (AuditAction::TOTP_DISABLED, without_second_factor),
                    (AuditAction::PASSKEY_REMOVED, passkeys_removed > 0),
                ];
                for (action, _) in happened.into_iter().filter(|(_, happened)| *happened) {
                    audit::record(tx.store, &AuditEvent::by(ids.fresh().into(), action, user.id, now))?;
                }
                Ok(emails.enqueue(tx.store, Some(user.id), &EmailJob::PasswordChanged { user: user.id }, now)?)
            })
            .await
            .map_err(unknown_user_is_invalid_link)?;
        self.emails.wake();
        self.sessions.follow_revocations().await;
        Ok(())
    }

    /// Replaces the password of a signed-in user. Ends their other sessions.
    ///
    /// # Errors
    /// `wrong_password`, `password_not_set`, `validation_failed`; [`Error::AccountRateLimited`]; the store's.
    pub async fn change(
        &self,
        principal: Principal,
        current: SubmittedPassword,
        new: SubmittedPassword,
    ) -> Result<(), Error> {
        let user = principal.user;
        self.throttle.attempt(AttemptTarget::Password(user)).await?;
        let (account, stored) = self
            .context
            .unit_of_work
            .read::<_, DomainError>(move |store| {
                let account = users::find(store, user)?;
                let credentials = store.credentials_of(user)?.ok_or(StoreError::NoSuchUser)?;
                Ok((account, credentials.password_hash))
            })
            .await?;
        let Some(stored) = stored else {
            return Err(Error::refused(
                Code::PasswordNotSet,
                "The account has no password yet: `POST /auth/password/forgot` mails a link to choose one.",
            ));
        };
        let given = self.to_check(current).await?;
        let chosen = self.to_choose(new, NEW_PASSWORD, Some(&account.username), Some(&account.email)).await?;
        if !self.verify(given.as_ref(), Some(stored.clone())).await?.matches {
            return Err(wrong_password());
        }
        let hash = self.hash(chosen).await?;
        let (now, context, emails) = (self.context.now(), self.context.clone(), self.emails.clone());
        self.context
            .unit_of_work
            .write::<_, Error>(user, now, move |tx| {
                let keep = (user, principal.session);
                change_password(tx.store, tx.rev, keep, Some(&stored), &hash, now).map_err(
                    |refusal| match refusal {
                        PasswordRefusal::Replaced => wrong_password(),
                        PasswordRefusal::Store(error) => error.into(),
                    },
                )?;
                audit::record(tx.store, &context.audit_event(principal, AuditAction::PASSWORD_CHANGED, now))?;
                Ok(emails.enqueue(tx.store, Some(user), &EmailJob::PasswordChanged { user }, now)?)
            })
            .await?;
        self.emails.wake();
        self.sessions.follow_revocations().await;
        Ok(())
    }
}

/// Reads the token of a link. Malformed text is refused like an expired token.
pub(crate) fn one_time_token(text: &str) -> Result<OneTimeToken, Error> {
    Ok(OneTimeToken::parse(text).ok_or(OneTimeRefusal::NoGood)?)
}

/// The token of a link names its user. If that user doesn't exist, the token is invalid.
pub(crate) fn unknown_user_is_invalid_link(error: Error) -> Error {
    if error.is_no_such_user() { OneTimeRefusal::NoGood.into() } else { error }
}
