//! Configures the program as the client that providers know.

use super::{CLIENT_ID, CLIENT_SECRET, Inner, KEY_ID, Kind, OpenIdProvider, TEAM_ID, redirect_url};
use crate::Builder;

impl Builder {
    /// Starts an OpenID provider and lets the program sign people in with it as with Google.
    pub fn with_google(self) -> (Self, OpenIdProvider) {
        let provider = OpenIdProvider::start(Kind::Google, self.clock());
        let issuer = provider.inner.issuer.clone();
        (self.with_google_at(&issuer), provider)
    }

    /// Configures this URL as that of Google.
    pub fn with_google_at(self, issuer: &str) -> Self {
        self.set("CIRCADIA_GOOGLE_ISSUER", issuer)
            .set("CIRCADIA_GOOGLE_CLIENT_ID", CLIENT_ID)
            .set("CIRCADIA_GOOGLE_CLIENT_SECRET", CLIENT_SECRET)
            .set("CIRCADIA_GOOGLE_REDIRECT_URL", &redirect_url(Kind::Google.name()))
            .set("CIRCADIA_FRONTEND_URL", "https://app.example.org/circadia")
    }

    /// Starts a provider of each kind and lets the program sign people in with all of them.
    pub fn with_providers(self) -> (Self, [OpenIdProvider; 3]) {
        let providers = [Kind::Google, Kind::Work, Kind::Apple].map(|kind| OpenIdProvider::start(kind, self.clock()));
        (self.with_providers_at(&providers), providers)
    }

    /// Lets the program sign people in with providers that are there already; the first is Google.
    pub fn with_providers_at(self, providers: &[OpenIdProvider]) -> Self {
        let mut builder = self.with_google_at(&providers[0].inner.issuer);
        let mut names = Vec::new();
        for Inner { kind, issuer, client_key, .. } in providers[1..].iter().map(|provider| &*provider.inner) {
            names.push(kind.name());
            let variable = |suffix: &str| format!("CIRCADIA_OIDC_{}_{suffix}", kind.name().to_uppercase());
            builder = builder
                .set(&variable("ISSUER"), issuer)
                .set(&variable("CLIENT_ID"), CLIENT_ID)
                .set(&variable("REDIRECT_URL"), &redirect_url(kind.name()));
            builder = if *kind == Kind::Apple {
                builder
                    .set(&variable("TEAM_ID"), TEAM_ID)
                    .set(&variable("KEY_ID"), KEY_ID)
                    .set(&variable("PRIVATE_KEY"), &client_key.0)
                    .set(&variable("RESPONSE_MODE"), "form_post")
            } else {
                builder.set(&variable("CLIENT_SECRET"), CLIENT_SECRET).set(&variable("NAME"), "Work & Co")
            };
        }
        builder.set("CIRCADIA_OIDC_PROVIDERS", &names.join(","))
    }
}
