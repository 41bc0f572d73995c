//! What is configured about a provider.

use std::fmt;

use circadia_domain::identities::{Issuer, ProviderName};
use url::Url;

use super::ClientSecret;

/// Google, which asks for the account to sign in with if it is told to, and may omit the scheme of its issuer.
pub const GOOGLE_ISSUER: &str = "https://accounts.google.com";
/// Apple, which sends browsers back by a form if it is asked for an address.
pub const APPLE_ISSUER: &str = "https://appleid.apple.com";

/// What stands for a tenant in the issuer of a discovery document that is shared by tenants (Microsoft Entra).
pub(super) const TENANT_PLACEHOLDER: &str = "{tenantid}";

/// How the provider sends the browser back (OAuth 2.0 Form Post Response Mode).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseMode {
    /// By a redirect, with the code in the query.
    Query,
    /// By a form that posts the code.
    FormPost,
}

/// A provider and this service's registration with it.
#[derive(Clone)]
pub struct ProviderSettings {
    /// What it is called in the configuration and in URLs.
    pub name: ProviderName,
    /// What users call it: 1–60 characters on one line.
    pub title: String,
    /// The issuer URL, exactly as in its metadata (`https://accounts.google.com`). With `tenants`, the URL that
    /// several share (`https://login.microsoftonline.com/organizations/v2.0`).
    pub issuer: Issuer,
    /// The tenants whose users may sign in, by id, where several share a discovery document; otherwise empty.
    pub tenants: Vec<String>,
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: ClientSecret,
    /// The redirect URI, different for each provider.
    pub redirect_url: Url,
    /// The scopes to ask for; `openid` is one of them.
    pub scopes: Vec<String>,
    /// How the browser is sent back.
    pub response_mode: ResponseMode,
    /// Whether an address of which the provider doesn't say that it is verified counts as verified.
    pub trusts_emails: bool,
}

impl fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderSettings")
            .field("name", &self.name)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl ProviderSettings {
    /// The issuers whose ID tokens are accepted: the configured one, or one for each tenant. Empty if the issuer has no
    /// place for a tenant.
    pub fn issuers(&self) -> Vec<Issuer> {
        if self.tenants.is_empty() {
            return vec![self.issuer.clone()];
        }
        self.tenants.iter().filter_map(|tenant| Issuer::parse(&self.of_tenant(tenant)?)).collect()
    }

    /// The issuer that the discovery document must name.
    pub(super) fn documented_issuer(&self) -> String {
        let shared = if self.tenants.is_empty() { None } else { self.of_tenant(TENANT_PLACEHOLDER) };
        shared.unwrap_or_else(|| self.issuer.as_str().to_owned())
    }

    /// The issuer with another first segment of its path.
    fn of_tenant(&self, tenant: &str) -> Option<String> {
        let (scheme, rest) = self.issuer.as_str().split_once("://")?;
        let (host, path) = rest.split_once('/')?;
        let (shared, rest) = path.split_once('/').unwrap_or((path, ""));
        let slash = if path.contains('/') { "/" } else { "" };
        (!shared.is_empty()).then(|| format!("{scheme}://{host}/{tenant}{slash}{rest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(issuer: &str, tenants: &[&str]) -> ProviderSettings {
        ProviderSettings {
            name: ProviderName::parse("work").unwrap(),
            title: "Work".to_owned(),
            issuer: Issuer::parse(issuer).unwrap(),
            tenants: tenants.iter().map(|tenant| (*tenant).to_owned()).collect(),
            client_id: "circadia".to_owned(),
            client_secret: ClientSecret::shared("hush"),
            redirect_url: "https://api.example.org/callback".parse().unwrap(),
            scopes: vec!["openid".to_owned()],
            response_mode: ResponseMode::Query,
            trusts_emails: false,
        }
    }

    #[test]
    fn tenants_have_issuers_of_their_own() {
        let alone = settings("https://id.example.org/realms/a", &[]);
        assert_eq!(alone.issuers(), std::slice::from_ref(&alone.issuer));
        assert_eq!(alone.documented_issuer(), "https://id.example.org/realms/a");
        let shared = settings("https://login.example.com/organizations/v2.0", &["t1", "t2"]);
        let issuers: Vec<String> = shared.issuers().iter().map(|issuer| issuer.as_str().to_owned()).collect();
        assert_eq!(issuers, ["https://login.example.com/t1/v2.0", "https://login.example.com/t2/v2.0"]);
        assert_eq!(shared.documented_issuer(), "https://login.example.com/{tenantid}/v2.0");
        for without_place in ["https://login.example.com", "https://login.example.com/"] {
            assert!(settings(without_place, &["t1"]).issuers().is_empty(), "{without_place}");
        }
        assert!(!format!("{shared:?}").contains("hush"));
    }
}
