//! Signing in with Google: everything that it needs, or nothing.

use std::net::IpAddr;

use circadia_auth::oauth::ProviderSettings;
use url::{Host, Url};

use super::environment::Environment;

/// What signing in with Google needs.
#[derive(Debug, Clone)]
pub struct GoogleConfig {
    /// The provider and what it knows this service by (`CIRCADIA_GOOGLE_*`).
    pub provider: ProviderSettings,
    /// Where browsers end up (`CIRCADIA_FRONTEND_URL`).
    pub front_end: Url,
}

/// Google itself.
const ISSUER: &str = "https://accounts.google.com";

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

/// A URL over HTTPS, or over plain HTTP on loopback in development, without credentials, query and fragment.
fn url(text: &str, production: bool) -> Result<Url, String> {
    let wrong = || "must be a URL such as `https://app.example.org`, without credentials, `?` and `#`".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    let bare =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    match url.scheme() {
        "https" if bare => Ok(url),
        "http" if bare && !production && is_loopback(&url) => Ok(url),
        "http" if bare => Err("must be HTTPS (plain HTTP is for loopback in development)".to_owned()),
        _ => Err(wrong()),
    }
}

/// Reads where browsers end up, and where links in mail lead.
pub(super) fn front_end(env: &mut Environment) -> Option<Url> {
    env.read("CIRCADIA_FRONTEND_URL", |text| url(text, false))
}

/// Reads the settings. An incomplete set is an error.
pub(super) fn read(env: &mut Environment, production: bool, front_end: Option<Url>) -> Option<GoogleConfig> {
    let text = |text: &str| Ok(text.to_owned());
    let client_id = env.read("CIRCADIA_GOOGLE_CLIENT_ID", text);
    let client_secret = env.read("CIRCADIA_GOOGLE_CLIENT_SECRET", text);
    let redirect_url = env.read("CIRCADIA_GOOGLE_REDIRECT_URL", |text| url(text, production));
    // Word for word: it is compared with what the provider says of itself.
    let issuer = env.read("CIRCADIA_GOOGLE_ISSUER", |text| url(text, production).map(|_| text.to_owned()));
    if client_id.is_none() && client_secret.is_none() && redirect_url.is_none() && issuer.is_none() {
        return None;
    }
    for (name, missing) in [
        ("CIRCADIA_GOOGLE_CLIENT_ID", client_id.is_none()),
        ("CIRCADIA_GOOGLE_CLIENT_SECRET", client_secret.is_none()),
        ("CIRCADIA_GOOGLE_REDIRECT_URL", redirect_url.is_none()),
        ("CIRCADIA_FRONTEND_URL", front_end.is_none()),
    ] {
        if missing && !env.is_refused(name) {
            env.refuse(format!("{name} is required to sign in with Google: give all of CIRCADIA_GOOGLE_*, or none"));
        }
    }
    Some(GoogleConfig {
        provider: ProviderSettings {
            issuer: issuer.unwrap_or_else(|| ISSUER.to_owned()),
            client_id: client_id?,
            client_secret: client_secret?,
            redirect_url: redirect_url?,
        },
        front_end: front_end?,
    })
}
