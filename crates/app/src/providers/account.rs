//! The account of a profile at a provider: signing in to it, creating it, linking it.

use std::sync::Arc;

use circadia_auth::Client;
use circadia_auth::accounts::{self, Attempt, EmailJob, FederatedRefusal};
use circadia_auth::oauth::{OpenIdProvider, Profile};
use circadia_auth::sessions::{Authenticated, is_in_force};
use circadia_domain::code::Code;
use circadia_domain::identities::{Identity, ProviderName};
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::logins::LoginMethod;
use circadia_domain::unit_of_work::Store;
use circadia_domain::users::{self, Login, UserProfile};

use super::ProviderSignIn;
use crate::error::Error;
use crate::sessions::{OpenSession, SessionOpener};

/// How often a sign-in is tried when another request changes the account meanwhile.
const MAX_TRIES: usize = 3;

enum Accepted<T> {
    SignedIn(T, Box<UserProfile>),
    SecondFactorRequired { user: UserId, password_hash: Option<String> },
}

impl ProviderSignIn {
    /// Finds or makes the account of a profile, and opens a session of kind `K` in the same transaction.
    pub(super) async fn sign_in<K: OpenSession>(
        &self,
        provider: &OpenIdProvider,
        profile: &Profile,
        client: &Client,
    ) -> Result<(K::Opened, UserProfile), Error> {
        let outcome = self.find_or_join::<K>(provider, profile, client).await;
        self.context.sign_ins.note(LoginMethod::Provider, outcome)
    }

    async fn find_or_join<K: OpenSession>(
        &self,
        provider: &OpenIdProvider,
        profile: &Profile,
        client: &Client,
    ) -> Result<(K::Opened, UserProfile), Error> {
        let mut outcome = Err(Error::from(FederatedRefusal::Changed));
        for _ in 0..MAX_TRIES {
            outcome = self.try_sign_in::<K>(provider.name(), profile, client).await;
            if !matches!(&outcome, Err(error) if error.code() == Some(Code::ChangedMeanwhile)) {
                break;
            }
        }
        match outcome? {
            Accepted::SignedIn(opened, profile) => Ok((opened, *profile)),
            Accepted::SecondFactorRequired { user, password_hash } => Err(self.challenges.refusal(
                Authenticated::through_provider(user),
                K::KIND,
                password_hash.as_deref(),
                self.identifiers.hash(&Login::email(profile.email.as_str())),
                client.device.clone(),
            )),
        }
    }

    async fn try_sign_in<K: OpenSession>(
        &self,
        provider: &ProviderName,
        profile: &Profile,
        client: &Client,
    ) -> Result<Accepted<K::Opened>, Error> {
        let unit_of_work = &self.context.unit_of_work;
        let sought = profile.clone();
        let found = unit_of_work.read::<_, Error>(move |store| Ok(accounts::find_federated(store, &sought)?)).await?;
        let now = self.context.now();
        let (profile, client, opener) = (profile.clone(), client.clone(), self.opener.clone());
        let (identifiers, verification) = (Arc::clone(&self.identifiers), self.verification);
        let login = Login::email(profile.email.as_str());
        let open = move |store: &mut dyn Store, opener: &SessionOpener, client: &Client, user| {
            let opened = opener.open::<K>(store, Authenticated::through_provider(user), client, now)?;
            Ok::<_, Error>(Accepted::SignedIn(opened, Box::new(users::profile(store, user, now)?)))
        };
        if let Some(user) = found {
            let signed_in = unit_of_work.write::<_, Error>(user, now, move |tx| {
                let attempt = Attempt {
                    login: &login,
                    method: LoginMethod::Provider,
                    client: &client,
                    verification,
                    identifiers: &identifiers,
                    ids: &*opener.context.ids,
                    now,
                };
                match accounts::sign_in_federated(tx.store, user, &profile, &attempt) {
                    Err(FederatedRefusal::SecondFactorRequired { user, password_hash }) => {
                        Ok(Accepted::SecondFactorRequired { user, password_hash })
                    }
                    accepted => open(tx.store, &opener, &client, accepted?.id),
                }
            });
            signed_in.await.map_err(
                |error| {
                    if error.is_no_such_user() { FederatedRefusal::Changed.into() } else { error }
                },
            )
        } else {
            let (emails, provider) = (self.emails.clone(), provider.clone());
            let joined = unit_of_work
                .write_unowned::<_, Error>(move |store| {
                    let (ids, entropy) = (&*opener.context.ids, &*opener.context.entropy);
                    let attempt = Attempt {
                        login: &login,
                        method: LoginMethod::Provider,
                        client: &client,
                        verification,
                        identifiers: &identifiers,
                        ids,
                        now,
                    };
                    let user = accounts::join_federated(store, &provider, &profile, &attempt, entropy)?.id;
                    emails.enqueue(store, Some(user), &EmailJob::Welcome { user }, now)?;
                    open(store, &opener, &client, user)
                })
                .await;
            self.emails.wake();
            joined
        }
    }

    /// Links a profile to the user who asked for it, if the session in which they did is still live.
    pub(super) async fn link(
        &self,
        provider: &OpenIdProvider,
        (user, session): (UserId, SessionId),
        profile: Profile,
    ) -> Result<Identity, Error> {
        let (ids, emails, now) = (Arc::clone(&self.context.ids), self.emails.clone(), self.context.now());
        let (providers, name, title) = (self.providers.clone(), provider.name().clone(), provider.title().to_owned());
        let linked = self.context.unit_of_work.write::<_, Error>(user, now, move |tx| {
            let state = tx.store.find_session(user, session)?;
            if !state.is_some_and(|state| is_in_force(&state, now)) {
                return Err(Error::refused(
                    Code::ProviderLinkExpired,
                    "The session that requested the link has ended.",
                ));
            }
            let is_of_provider =
                |identity: &Identity| providers.of_identity(identity).is_some_and(|own| *own.name() == name);
            let at = (&name, &profile);
            let identity = accounts::link(tx.store, (user, session), at, is_of_provider, &*ids, now)?;
            let notice = EmailJob::ProviderLinked { user, provider: title.clone() };
            emails.enqueue(tx.store, Some(user), &notice, now)?;
            Ok(identity)
        });
        let linked = linked
            .await
            .map_err(|error| if error.is_no_such_user() { FederatedRefusal::Changed.into() } else { error })?;
        self.emails.wake();
        Ok(linked)
    }
}
