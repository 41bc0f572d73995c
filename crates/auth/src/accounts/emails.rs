//! Letters to the owners of accounts: what is ordered while a request is served, and what is written when the order is
//! carried out.
//!
//! An order names an address or an account, and nothing that was looked up: whether an address has an account, a
//! request that asks for a letter doesn't find out, and so neither its answer nor its time tells. Tokens are made when
//! the letter is written, not before; so no job holds one.

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::one_time::{OneTimePurpose, OneTimeRepository};
use circadia_domain::users::{Email, Locale, Login, User, UserRepository};
use serde::{Deserialize, Serialize};

use crate::bytes::{Bytes32, same};
use crate::entropy::Entropy;
use crate::one_time::{self, OneTimeToken};
use crate::passwords::password_fingerprint;

/// A letter that is to be written.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "letter")]
pub enum EmailJob {
    /// To who registered with this address; or to who has the account already, if it was `taken`.
    Registration {
        /// The address.
        email: String,
        /// Whether there was an account with it.
        taken: bool,
    },
    /// To who asked once more for the link that proves that the address is theirs.
    Verification {
        /// The address.
        email: String,
    },
    /// To who forgot their password.
    PasswordReset {
        /// The address.
        email: String,
    },
    /// To the new address of somebody who wants to have another.
    EmailChange {
        /// Who.
        user: UserId,
        /// The new address.
        email: String,
        /// The mark of the password that was in force when they asked: with another, it is off.
        password: Bytes32,
    },
    /// To the address that they have until then.
    EmailChangeNotice {
        /// Who.
        user: UserId,
        /// The address as it was when they asked.
        email: String,
    },
    /// To who proved that the address is theirs.
    Welcome {
        /// Who.
        user: UserId,
    },
    /// To who has a new password.
    PasswordChanged {
        /// Who.
        user: UserId,
    },
    /// To whose account a Google account leads from now on.
    GoogleLinked {
        /// Who.
        user: UserId,
    },
}

impl std::fmt::Debug for EmailJob {
    /// Without addresses.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Registration { .. } => "Registration",
            Self::Verification { .. } => "Verification",
            Self::PasswordReset { .. } => "PasswordReset",
            Self::EmailChange { .. } => "EmailChange",
            Self::EmailChangeNotice { .. } => "EmailChangeNotice",
            Self::Welcome { .. } => "Welcome",
            Self::PasswordChanged { .. } => "PasswordChanged",
            Self::GoogleLinked { .. } => "GoogleLinked",
        };
        f.write_str(name)
    }
}

/// What a letter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmailContent {
    /// Follow this link to show that the address is yours.
    VerifyEmail(OneTimeToken),
    /// You have an account already.
    AlreadyRegistered,
    /// Follow this link to show that the address is yours, and choose a password.
    FinishRegistration(OneTimeToken),
    /// Follow this link to choose a new password.
    ResetPassword(OneTimeToken),
    /// Follow this link to have your account under this address.
    ConfirmNewEmail(OneTimeToken),
    /// Somebody wants to have your account under another address.
    EmailIsChanging,
    /// Your address is confirmed.
    Welcome,
    /// Your password was changed.
    PasswordChanged,
    /// A Google account signs in to your account now.
    GoogleLinked,
}

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailMessage {
    /// To which address.
    pub to: Email,
    /// In which language.
    pub locale: Locale,
    /// What the account is called.
    pub username: String,
    /// What it says.
    pub content: EmailContent,
}

impl EmailMessage {
    fn new(user: &User, to: Email, content: EmailContent) -> Self {
        Self { to, locale: user.settings.locale.clone(), username: user.username.as_str().to_owned(), content }
    }
}

/// Carries an order out as far as a store is concerned: the letter, or none if nobody is to get one. For a writing unit
/// of work that belongs to no user; it is done anew at each attempt to send, and the token of the last one counts.
///
/// # Errors
/// The store's.
pub fn compose_email<S: UserRepository + OneTimeRepository + ?Sized>(
    store: &mut S,
    order: &EmailJob,
    entropy: &dyn Entropy,
    now: Instant,
) -> Result<Option<EmailMessage>, StoreError> {
    let written = match order {
        EmailJob::Registration { email, taken } => match by_email(store, email)? {
            // Whoever came first need not be who has the address, so their password must not be the one that counts.
            Some(user) if *taken && user.email_verified_at.is_none() => choice(store, &user, entropy, now),
            Some(user) if user.email_verified_at.is_none() => verification(store, &user, entropy, now),
            Some(user) if *taken => Ok(EmailMessage::new(&user, user.email.clone(), EmailContent::AlreadyRegistered)),
            _ => return Ok(None),
        },
        EmailJob::Verification { email } => match by_email(store, email)? {
            Some(user) if user.email_verified_at.is_none() => verification(store, &user, entropy, now),
            _ => return Ok(None),
        },
        EmailJob::PasswordReset { email } => match by_email(store, email)? {
            Some(user) => with_token(store, &user, OneTimePurpose::ResetPassword, user.email.clone(), entropy, now),
            None => return Ok(None),
        },
        EmailJob::EmailChange { user, email, password } => {
            // Who has chosen another password since may have done so because of this.
            let present = store.credentials_of(*user)?.and_then(|credentials| credentials.password_hash);
            if !same(password, &password_fingerprint(present.as_deref())) {
                return Ok(None);
            }
            let (email, holder) = (Email::from_stored(email.clone()), by_email(store, email)?);
            match (store.find_user(*user)?, holder) {
                // It is for its holder to know, and for nobody else, that the address has an account.
                (_, Some(holder)) if holder.id != *user => {
                    Ok(EmailMessage::new(&holder, email, EmailContent::AlreadyRegistered))
                }
                (Some(user), _) if user.active => {
                    with_token(store, &user, OneTimePurpose::ChangeEmail, email, entropy, now)
                }
                _ => return Ok(None),
            }
        }
        EmailJob::EmailChangeNotice { user, email } => {
            let Some(user) = store.find_user(*user)? else { return Ok(None) };
            Ok(EmailMessage::new(&user, Email::from_stored(email.clone()), EmailContent::EmailIsChanging))
        }
        EmailJob::Welcome { user } => return to_owner(store, *user, EmailContent::Welcome),
        EmailJob::PasswordChanged { user } => return to_owner(store, *user, EmailContent::PasswordChanged),
        EmailJob::GoogleLinked { user } => return to_owner(store, *user, EmailContent::GoogleLinked),
    };
    match written {
        Ok(letter) => Ok(Some(letter)),
        // Deleted while this was written.
        Err(StoreError::NoSuchUser) => Ok(None),
        Err(error) => Err(error),
    }
}

/// An active account by its address.
fn by_email<S: UserRepository + ?Sized>(store: &mut S, email: &str) -> Result<Option<User>, StoreError> {
    let Some(found) = store.find_credentials(&Login::Email(email.to_owned()))? else { return Ok(None) };
    Ok(store.find_user(found.user)?.filter(|user| user.active))
}

fn to_owner<S: UserRepository + ?Sized>(
    store: &mut S,
    user: UserId,
    content: EmailContent,
) -> Result<Option<EmailMessage>, StoreError> {
    Ok(store.find_user(user)?.map(|user| EmailMessage::new(&user, user.email.clone(), content)))
}

/// A link to a password of one's own, which is the only one that counts from here on.
fn choice<S: OneTimeRepository + ?Sized>(
    store: &mut S,
    user: &User,
    entropy: &dyn Entropy,
    now: Instant,
) -> Result<EmailMessage, StoreError> {
    store.delete_one_time_tokens(user.id, &[OneTimePurpose::VerifyEmail])?;
    let token = one_time::issue(store, OneTimePurpose::ResetPassword, user.id, &user.email, entropy, now)?;
    Ok(EmailMessage::new(user, user.email.clone(), EmailContent::FinishRegistration(token)))
}

/// A link to prove the address; but while somebody is asked to choose a password, none that would confirm the one
/// before.
fn verification<S: OneTimeRepository + ?Sized>(
    store: &mut S,
    user: &User,
    entropy: &dyn Entropy,
    now: Instant,
) -> Result<EmailMessage, StoreError> {
    let asked = store.find_one_time_token(user.id, OneTimePurpose::ResetPassword)?;
    if asked.is_some_and(|token| now < token.expires_at) {
        return choice(store, user, entropy, now);
    }
    with_token(store, user, OneTimePurpose::VerifyEmail, user.email.clone(), entropy, now)
}

fn with_token<S: OneTimeRepository + ?Sized>(
    store: &mut S,
    user: &User,
    purpose: OneTimePurpose,
    to: Email,
    entropy: &dyn Entropy,
    now: Instant,
) -> Result<EmailMessage, StoreError> {
    let token = one_time::issue(store, purpose, user.id, &to, entropy, now)?;
    let content = match purpose {
        OneTimePurpose::VerifyEmail => EmailContent::VerifyEmail(token),
        OneTimePurpose::ResetPassword => EmailContent::ResetPassword(token),
        OneTimePurpose::ChangeEmail => EmailContent::ConfirmNewEmail(token),
    };
    Ok(EmailMessage::new(user, to, content))
}

#[cfg(test)]
#[path = "emails_tests.rs"]
mod tests;
