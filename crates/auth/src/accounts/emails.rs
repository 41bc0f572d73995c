//! Emails to account owners: jobs enqueued while a request is served, and the messages composed when a job runs.
//!
//! A job contains an address or an account id, but nothing that was looked up. A request therefore never checks whether
//! an address has an account, so neither its answer nor its duration reveals it. Tokens are created when the message is
//! composed, so no job contains one.

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::logins::{Browser, DeviceKind, LoginClient, OperatingSystem};
use circadia_domain::one_time::{OneTimePurpose, OneTimeRepository};
use circadia_domain::reminders::MAX_LATE_SECONDS;
use circadia_domain::users::{Email, Locale, Login, User, UserRepository};
use serde::{Deserialize, Serialize};

use crate::bytes::{Bytes32, same};
use crate::entropy::Entropy;
use crate::one_time::{self, OneTimeToken};
use crate::passwords::password_fingerprint;

/// A job that sends an email.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "letter")]
pub enum EmailJob {
    /// To the address of a registration, or to the existing account if the address was `taken`.
    Registration {
        /// The address.
        email: String,
        /// Whether an account already had the address.
        taken: bool,
    },
    /// A new verification link, on request.
    Verification {
        /// The address.
        email: String,
    },
    /// A password reset link.
    PasswordReset {
        /// The address.
        email: String,
    },
    /// A verification link to the new address of an account that asks for a change.
    EmailChange {
        /// The user.
        user: UserId,
        /// The new address.
        email: String,
        /// Fingerprint of the password in force at the request. The change is dropped if the password has changed
        /// since.
        password: Bytes32,
    },
    /// A notice to the current address that a change was requested.
    EmailChangeNotice {
        /// The user.
        user: UserId,
        /// The address at the time of the request.
        email: String,
    },
    /// A notice to the address that an administrator replaced by another one.
    EmailReplaced {
        /// The user.
        user: UserId,
        /// The address that was replaced.
        email: String,
    },
    /// Confirmation that the address was verified.
    Welcome {
        /// The user.
        user: UserId,
    },
    /// Notice that the password was changed.
    PasswordChanged {
        /// The user.
        user: UserId,
    },
    /// Notice that an account at an OpenID provider was linked.
    #[serde(alias = "google_linked")]
    ProviderLinked {
        /// The user.
        user: UserId,
        /// What users call the provider.
        #[serde(default = "google")]
        provider: String,
    },
    /// Notice that a passkey was added.
    PasskeyAdded {
        /// The user.
        user: UserId,
    },
    /// Notice that a device signed in that hadn't before.
    NewDevice {
        /// The user.
        user: UserId,
        /// The browser.
        browser: Browser,
        /// The operating system.
        os: OperatingSystem,
        /// The kind of device.
        device: DeviceKind,
        /// The address.
        ip: Option<String>,
        /// When, in seconds since 1970.
        at: i64,
    },
    /// Notice that a webhook was disabled, because its URL can't be reached.
    WebhookDisabled {
        /// The user.
        user: UserId,
        /// The host of its URL.
        host: String,
        /// Whether the URL answered 410 (Gone).
        is_gone: bool,
    },
    /// A reminder that its user set.
    Reminder {
        /// The user.
        user: UserId,
        /// What it reminds of.
        title: String,
        /// A sentence on it.
        text: String,
        /// When its time came, in seconds since 1970.
        at: i64,
    },
}

/// The only provider of jobs that don't name theirs.
fn google() -> String {
    "Google".to_owned()
}

impl std::fmt::Debug for EmailJob {
    /// Omits addresses.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Registration { .. } => "Registration",
            Self::Verification { .. } => "Verification",
            Self::PasswordReset { .. } => "PasswordReset",
            Self::EmailChange { .. } => "EmailChange",
            Self::EmailChangeNotice { .. } => "EmailChangeNotice",
            Self::EmailReplaced { .. } => "EmailReplaced",
            Self::Welcome { .. } => "Welcome",
            Self::PasswordChanged { .. } => "PasswordChanged",
            Self::PasskeyAdded { .. } => "PasskeyAdded",
            Self::NewDevice { .. } => "NewDevice",
            Self::ProviderLinked { .. } => "ProviderLinked",
            Self::WebhookDisabled { .. } => "WebhookDisabled",
            Self::Reminder { .. } => "Reminder",
        };
        f.write_str(name)
    }
}

/// The template of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmailContent {
    /// A link that verifies the address.
    VerifyEmail(OneTimeToken),
    /// The address already has an account.
    AlreadyRegistered,
    /// A link that verifies the address and sets a password.
    FinishRegistration(OneTimeToken),
    /// A link that sets a new password.
    ResetPassword(OneTimeToken),
    /// A link that changes the account's address to this one.
    ConfirmNewEmail(OneTimeToken),
    /// Notice that a change of the account's address was requested.
    EmailIsChanging,
    /// Notice that an administrator replaced the account's address.
    EmailReplaced,
    /// The address is verified.
    Welcome,
    /// The password was changed.
    PasswordChanged,
    /// An account at the provider that users call so was linked.
    ProviderLinked(String),
    /// A passkey was added.
    PasskeyAdded,
    /// A device signed in that hadn't before.
    NewDevice {
        /// The browser, operating system and kind of device.
        client: LoginClient,
        /// The address.
        ip: Option<String>,
        /// When, on the user's clock: `2026-03-11 13:00 (Europe/Berlin)`.
        at: String,
    },
    /// A webhook was disabled.
    WebhookDisabled {
        /// The host of its URL.
        host: String,
        /// Whether the URL answered 410 (Gone).
        is_gone: bool,
    },
    /// A reminder.
    Reminder {
        /// What it reminds of, as its user wrote it.
        title: String,
        /// A sentence on it.
        text: String,
    },
}

/// An email message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailMessage {
    /// The recipient's address.
    pub to: Email,
    /// The language of the text.
    pub locale: Locale,
    /// The account's username.
    pub username: String,
    /// The template.
    pub content: EmailContent,
}

impl EmailMessage {
    fn new(user: &User, to: Email, content: EmailContent) -> Self {
        Self { to, locale: user.settings.locale.clone(), username: user.username.as_str().to_owned(), content }
    }
}

/// Composes the message of a job; `None` if there is nothing to send. Runs in a writing unit of work without an owner.
/// Every attempt to send composes the message again; only the token of the last attempt is valid.
///
/// # Errors
/// `StoreError` of the store.
pub fn compose_email<S: UserRepository + OneTimeRepository + ?Sized>(
    store: &mut S,
    order: &EmailJob,
    entropy: &dyn Entropy,
    now: Instant,
) -> Result<Option<EmailMessage>, StoreError> {
    let written = match order {
        EmailJob::Registration { email, taken } => match by_email(store, email)? {
            // Whoever registered first need not own the address, so the password set at registration must not stay
            // valid.
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
            // If the password has changed since, the owner may have reacted to this very request.
            let present = store.credentials_of(*user)?.and_then(|credentials| credentials.password_hash);
            if !same(password, &password_fingerprint(present.as_deref())) {
                return Ok(None);
            }
            let (email, holder) = (Email::from_stored(email.clone()), by_email(store, email)?);
            match (store.find_user(*user)?, holder) {
                // The address has an account: only its holder may learn that.
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
        EmailJob::EmailReplaced { user, email } => {
            let Some(user) = store.find_user(*user)? else { return Ok(None) };
            Ok(EmailMessage::new(&user, Email::from_stored(email.clone()), EmailContent::EmailReplaced))
        }
        EmailJob::Welcome { user } => return to_owner(store, *user, EmailContent::Welcome),
        EmailJob::PasswordChanged { user } => return to_owner(store, *user, EmailContent::PasswordChanged),
        EmailJob::ProviderLinked { user, provider } => {
            return to_owner(store, *user, EmailContent::ProviderLinked(provider.clone()));
        }
        EmailJob::WebhookDisabled { user, host, is_gone } => {
            let content = EmailContent::WebhookDisabled { host: host.clone(), is_gone: *is_gone };
            return to_owner(store, *user, content);
        }
        EmailJob::Reminder { user, title, text, at } => {
            // Mail may have waited for its server. A reminder of yesterday is of no use.
            let is_late = now.seconds() - at > MAX_LATE_SECONDS;
            let told = store.find_user(*user)?.filter(|user| user.active && user.email_verified_at.is_some());
            let Some(user) = told.filter(|_| !is_late) else { return Ok(None) };
            let content = EmailContent::Reminder { title: title.clone(), text: text.clone() };
            Ok(EmailMessage::new(&user, user.email.clone(), content))
        }
        EmailJob::PasskeyAdded { user } => return to_owner(store, *user, EmailContent::PasskeyAdded),
        EmailJob::NewDevice { user, browser, os, device, ip, at } => {
            let Some(user) = store.find_user(*user)? else { return Ok(None) };
            let zone = user.settings.timezone;
            let at = format!("{} ({zone})", zone.wall_clock(Instant::from_seconds(*at)).format("%Y-%m-%d %H:%M"));
            let client = LoginClient { browser: *browser, os: *os, device: *device };
            Ok(EmailMessage::new(&user, user.email.clone(), EmailContent::NewDevice { client, ip: ip.clone(), at }))
        }
    };
    match written {
        Ok(letter) => Ok(Some(letter)),
        // The account was deleted in the meantime.
        Err(StoreError::NoSuchUser) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The active account with this address.
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

/// A link that sets a password; it supersedes the account's earlier reset links.
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

/// A link that verifies the address. Not issued while a link that sets a password is pending: it would confirm the
/// earlier password.
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
