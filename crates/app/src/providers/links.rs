//! A user's links with providers: listing and removing them. Also those with providers that aren't configured any more.

use std::sync::Arc;

use circadia_auth::accounts;
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::identities::{Identity, ProviderName};
use circadia_domain::ids::UserId;
use circadia_domain::users::Email;

use super::Providers;
use crate::authenticate::{Principal, ensure_in_force};
use crate::context::Context;
use crate::error::Error;
use crate::passwords::SubmittedPassword;
use crate::reauthentication::Reauthentication;

/// A provider, and the user's account there if one is linked.
#[derive(Debug, Clone)]
pub struct ProviderLink {
    pub name: ProviderName,
    /// What users call the provider.
    pub title: String,
    /// Whether it is configured.
    pub available: bool,
    pub account: Option<LinkedAccount>,
}

/// An account at a provider.
#[derive(Debug, Clone)]
pub struct LinkedAccount {
    /// The address at the time of linking.
    pub email: Email,
    pub linked_at: Instant,
}

impl From<Identity> for LinkedAccount {
    fn from(identity: Identity) -> Self {
        Self { email: identity.email, linked_at: identity.linked_at }
    }
}

/// The links of users with providers.
#[derive(Debug)]
pub struct ProviderLinks {
    pub context: Context,
    pub providers: Providers,
    pub reauthentication: Arc<Reauthentication>,
}

impl ProviderLinks {
    /// Every configured provider, then those that a link is left of, each with the user's account there.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, user: UserId) -> Result<Vec<ProviderLink>, Error> {
        let read = self.context.unit_of_work.read::<_, StoreError>(move |store| store.identities_of(user));
        let identities = read.await?;
        let mut links: Vec<ProviderLink> = self
            .providers
            .iter()
            .map(|provider| ProviderLink {
                name: provider.name().clone(),
                title: provider.title().to_owned(),
                available: true,
                account: None,
            })
            .collect();
        for identity in identities {
            let name = self.providers.name_of(&identity).clone();
            let is_usable = self.providers.of_identity(&identity).is_some();
            match links.iter_mut().find(|link| link.name == name) {
                Some(link) if is_usable => link.account = Some(identity.into()),
                // The name has gone over to another issuer.
                Some(_) => {}
                None => {
                    let title = name.as_str().to_owned();
                    links.push(ProviderLink { name, title, available: false, account: Some(identity.into()) });
                }
            }
        }
        Ok(links)
    }

    /// Removes the link with a provider.
    ///
    /// # Errors
    /// `wrong_password`, `reauthentication_required`, `provider_not_linked`, `provider_last_way_in`; the store's.
    pub async fn unlink(
        &self,
        principal: Principal,
        name: ProviderName,
        submitted: SubmittedPassword,
    ) -> Result<(), Error> {
        self.reauthentication.by_password_or_fresh_sign_in(principal, submitted).await?;
        let (ids, now, providers) = (Arc::clone(&self.context.ids), self.context.now(), self.providers.clone());
        self.context
            .unit_of_work
            .write::<_, Error>(principal.user, now, move |tx| {
                ensure_in_force(tx.store, principal, now)?;
                let is_of_provider = |identity: &Identity| *providers.name_of(identity) == name;
                let is_usable = |identity: &Identity| providers.of_identity(identity).is_some();
                let owner = (principal.user, principal.session);
                Ok(accounts::unlink(tx.store, owner, is_of_provider, is_usable, &*ids, now)?)
            })
            .await
    }
}
