//! What a provider says of itself: its discovery document and its keys, fetched when they are needed and kept for a
//! while.

use std::net::IpAddr;

use circadia_domain::civil::Instant;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use url::{Host, Url};

use super::OAuthError;
use super::http::{HttpClient, HttpRequest};
use super::keys::{ALGORITHMS, KeySet};

/// Cache lifetime of a provider's metadata and keys, in seconds.
const METADATA_TTL_SECONDS: i64 = 60 * 60;
/// Minimum seconds between two fetches caused by an unknown key id.
const KEY_REFRESH_INTERVAL_SECONDS: i64 = 60;
/// Seconds before a provider that can't be reached is tried again.
const FAILURE_BACKOFF_SECONDS: i64 = 5;

/// The metadata used here (OpenID Connect Discovery 1.0 §3).
#[derive(Clone, Deserialize)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) jwks_uri: Url,
    pub(super) userinfo_endpoint: Option<Url>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether browsers always bring the issuer back (RFC 9207 §3).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// The algorithm of this name, if ID tokens may be signed by it: what the provider says, as far as it is accepted
    /// here. RS256 if it doesn't say.
    pub(super) fn algorithm(&self, name: &str) -> Option<Algorithm> {
        let said = match &self.id_token_signing_alg_values_supported {
            Some(said) => said.iter().any(|own| own == name),
            None => name == "RS256",
        };
        ALGORITHMS.into_iter().find(|(own, _)| *own == name && said).map(|(_, algorithm)| algorithm)
    }

    /// Whether a client secret is accepted in this way; by `client_secret_basic` if the provider doesn't say.
    pub(super) fn accepts(&self, auth_method: &str) -> bool {
        match &self.token_endpoint_auth_methods_supported {
            Some(said) => said.iter().any(|own| own == auth_method),
            None => auth_method == "client_secret_basic",
        }
    }

    fn check(&self, issuer: &str) -> Result<(), OAuthError> {
        if self.issuer != issuer {
            return Err(OAuthError::Unavailable("its discovery document names another issuer".to_owned()));
        }
        let needed = [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri];
        if needed.into_iter().chain(&self.userinfo_endpoint).any(|url| !is_safe(url, issuer)) {
            return Err(OAuthError::Unavailable("its discovery document leads to plain HTTP".to_owned()));
        }
        Ok(())
    }
}

/// HTTPS, or plain HTTP to this machine where the issuer itself is reached so (in development).
fn is_safe(url: &Url, issuer: &str) -> bool {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback && issuer.starts_with("http:"))
}

fn is_due(last: Option<Instant>, seconds: i64, now: Instant) -> bool {
    last.is_none_or(|last| last.plus_seconds(seconds) <= now)
}

/// What is known of a provider.
#[derive(Default)]
pub(super) struct Known {
    metadata: Option<(Metadata, Instant)>,
    keys: Option<(KeySet, Instant)>,
    looked_again_at: Option<Instant>,
    failed_at: Option<(Instant, String)>,
}

impl Known {
    /// The metadata, which must name `documented` as its issuer and is found below `issuer`.
    pub(super) async fn metadata(
        &mut self,
        http: &dyn HttpClient,
        issuer: &str,
        documented: &str,
        now: Instant,
    ) -> Result<Metadata, OAuthError> {
        if let Some((metadata, read_at)) = &self.metadata
            && !is_due(Some(*read_at), METADATA_TTL_SECONDS, now)
        {
            return Ok(metadata.clone());
        }
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let body = self.fetch(http, &url, now).await?;
        let metadata: Metadata = serde_json::from_slice(&body)
            .map_err(|_| OAuthError::Unavailable("its discovery document can't be read".to_owned()))?;
        metadata.check(documented)?;
        self.metadata = Some((metadata.clone(), now));
        Ok(metadata)
    }

    /// The keys. Fetched again if `is_sought` finds none of them, though not for each unknown key id.
    pub(super) async fn keys(
        &mut self,
        http: &dyn HttpClient,
        url: &Url,
        is_sought: impl Fn(&KeySet) -> bool,
        now: Instant,
    ) -> Result<&KeySet, OAuthError> {
        let mut keys = self.keys.take().filter(|(_, read_at)| !is_due(Some(*read_at), METADATA_TTL_SECONDS, now));
        if let Some((known, _)) = &keys
            && !is_sought(known)
            && is_due(self.looked_again_at, KEY_REFRESH_INTERVAL_SECONDS, now)
        {
            // The provider may have rotated its keys.
            self.looked_again_at = Some(now);
            keys = None;
        }
        let keys = if let Some(keys) = keys {
            keys
        } else {
            let body = self.fetch(http, url.as_str(), now).await?;
            let keys = KeySet::read(&body);
            (keys.ok_or_else(|| OAuthError::Unavailable("its keys can't be read".to_owned()))?, now)
        };
        Ok(&self.keys.insert(keys).0)
    }

    /// Fetches a document, unless the provider failed to answer very recently.
    async fn fetch(&mut self, http: &dyn HttpClient, url: &str, now: Instant) -> Result<Vec<u8>, OAuthError> {
        if let Some((failed_at, reason)) = &self.failed_at
            && !is_due(Some(*failed_at), FAILURE_BACKOFF_SECONDS, now)
        {
            return Err(OAuthError::Unavailable(reason.clone()));
        }
        let fetched = get(http, url, None).await;
        self.failed_at = fetched.as_ref().err().map(|reason| (now, reason.clone()));
        fetched.map_err(OAuthError::Unavailable)
    }
}

/// Gets a JSON document, with an access token if it isn't public.
pub(super) async fn get(http: &dyn HttpClient, url: &str, access_token: Option<&str>) -> Result<Vec<u8>, String> {
    let mut request = oauth2::http::Request::builder().uri(url).header("accept", "application/json");
    if let Some(token) = access_token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request: HttpRequest = request.body(Vec::new()).map_err(|error| error.to_string())?;
    let answer = http.send(request).await.map_err(|failure| failure.to_string())?;
    if answer.status().as_u16() != 200 {
        return Err(format!("{url} answered {}", answer.status().as_u16()));
    }
    Ok(answer.into_body())
}
