//! The OpenID providers that are configured: signing in through them, and linking accounts with them.

mod account;
mod links;
mod sign_in;

use std::sync::Arc;

use circadia_auth::oauth::OpenIdProvider;
use circadia_domain::identities::{Identity, ProviderName};

pub use links::{LinkedAccount, ProviderLink, ProviderLinks};
pub use sign_in::{Callback, Finished, ProviderSignIn, provider_not_found};

/// The configured providers, in the order of the configuration. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Providers(Arc<[OpenIdProvider]>);

impl Providers {
    pub fn new(providers: Vec<OpenIdProvider>) -> Self {
        Self(providers.into())
    }

    pub fn iter(&self) -> impl Iterator<Item = &OpenIdProvider> {
        self.0.iter()
    }

    pub fn find(&self, name: &ProviderName) -> Option<&OpenIdProvider> {
        self.iter().find(|provider| provider.name() == name)
    }

    /// The provider that an identity signs in through, whatever it was called when they were linked.
    fn of_identity(&self, identity: &Identity) -> Option<&OpenIdProvider> {
        self.iter().find(|provider| provider.has_issuer(&identity.issuer))
    }

    /// What the provider of an identity is called, also if it isn't configured any more.
    fn name_of<'a>(&'a self, identity: &'a Identity) -> &'a ProviderName {
        self.of_identity(identity).map_or(&identity.provider, OpenIdProvider::name)
    }
}
