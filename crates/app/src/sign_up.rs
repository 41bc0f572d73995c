//! Registering an account.

use std::sync::Arc;

use circadia_auth::Client;
use circadia_auth::accounts::{self, EmailJob, Registration, Verification};
use circadia_auth::sessions::{Authenticated, Opened};
use circadia_domain::civil::Zone;
use circadia_domain::code::Code;
use circadia_domain::users::{self, Email, Locale, Login, Role, Settings, UserProfile, Username};

use crate::context::Context;
use crate::emails::Emails;
use crate::error::Error;
use crate::passwords::{PASSWORD, Passwords, SubmittedPassword};
use crate::sessions::{SessionOpener, TokenSession};
use crate::throttle::{AccountThrottle, AttemptTarget};

/// An account to register.
#[derive(Debug)]
pub struct NewAccount {
    pub username: Username,
    pub email: Email,
    pub password: SubmittedPassword,
    /// UTC if absent.
    pub timezone: Option<Zone>,
    /// English if absent.
    pub locale: Option<Locale>,
}

/// The outcome of a registration.
#[derive(Debug)]
pub enum SignedUp {
    /// The account can be used at once.
    SignedIn(Box<Opened>, Box<UserProfile>),
    /// An e-mail is enqueued, whether or not the address has an account.
    VerificationSent,
}

/// Registers accounts.
#[derive(Debug)]
pub struct SignUp {
    pub context: Context,
    pub passwords: Arc<Passwords>,
    pub throttle: AccountThrottle,
    pub emails: Emails,
    pub opener: SessionOpener,
    pub verification: Verification,
}

impl SignUp {
    /// Registers an account.
    ///
    /// # Errors
    /// `username_taken`; `email_taken` only where addresses needn't be verified; `validation_failed` for a password that
    /// isn't good enough; [`Error::AccountRateLimited`]; the store's.
    pub async fn register(&self, new: NewAccount, client: Client) -> Result<SignedUp, Error> {
        self.throttle.attempt(AttemptTarget::Registration(new.email.as_str())).await?;
        let NewAccount { username, email, password, timezone, locale } = new;
        let password = self.passwords.to_choose(password, PASSWORD, Some(&username), Some(&email)).await?;
        let hash = self.passwords.hash(password).await?;
        let defaults = Settings::default();
        let registration = Registration {
            username,
            email,
            settings: Settings {
                timezone: timezone.unwrap_or(defaults.timezone),
                locale: locale.unwrap_or(defaults.locale.clone()),
                ..defaults
            },
            role: Role::Regular,
            email_verified_at: None,
        };
        match self.verification {
            Verification::Optional => self.register_and_sign_in(registration, hash, client).await,
            Verification::Required => self.register_unverified(registration, hash).await,
        }
    }

    async fn register_and_sign_in(
        &self,
        registration: Registration,
        hash: String,
        client: Client,
    ) -> Result<SignedUp, Error> {
        let (now, emails, opener) = (self.context.now(), self.emails.clone(), self.opener.clone());
        let (opened, profile) = self
            .context
            .unit_of_work
            .write_unowned::<_, Error>(move |store| {
                let email = EmailJob::Registration { email: registration.email.as_str().to_owned(), taken: false };
                let user = accounts::register(store, registration.clone(), hash.clone(), &*opener.context.ids, now)?;
                emails.enqueue(store, None, &email, now)?;
                let opened = opener.open::<TokenSession>(store, Authenticated::by_password(user.id), &client, now)?;
                Ok((opened, users::profile(store, user.id, now)?))
            })
            .await?;
        self.emails.wake();
        Ok(SignedUp::SignedIn(Box::new(opened), Box::new(profile)))
    }

    /// Registers an account if the address has none, and else reserves its name; enqueues an e-mail to the address in
    /// either case. Both commit one transaction, and whatever the name is good for afterwards is the same.
    async fn register_unverified(&self, registration: Registration, hash: String) -> Result<SignedUp, Error> {
        let mut made = self.try_register_unverified(registration.clone(), hash.clone()).await;
        if made.as_ref().is_err_and(|error| error.code() == Some(Code::EmailTaken)) {
            // Another registration with the address was first, by a moment.
            made = self.try_register_unverified(registration, hash).await;
        }
        made?;
        self.emails.wake();
        Ok(SignedUp::VerificationSent)
    }

    async fn try_register_unverified(&self, registration: Registration, hash: String) -> Result<(), Error> {
        let (now, ids, emails) = (self.context.now(), Arc::clone(&self.context.ids), self.emails.clone());
        self.context
            .unit_of_work
            .write_unowned::<_, Error>(move |store| {
                let email = registration.email.as_str().to_owned();
                let holder = store.find_credentials(&Login::Email(email.clone()))?.map(|found| found.user);
                match holder {
                    Some(holder) => accounts::reserve(store, &registration.username, &hash, holder, now)?,
                    None => drop(accounts::register(store, registration.clone(), hash.clone(), &*ids, now)?),
                }
                let job = EmailJob::Registration { email, taken: holder.is_some() };
                Ok(emails.enqueue(store, None, &job, now)?)
            })
            .await
    }
}
