//! An OpenID provider: its metadata, its keys, and the two requests of the code flow.

use std::fmt;
use std::sync::Arc;

use circadia_domain::civil::Instant;
use jsonwebtoken::{Algorithm, DecodingKey};
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointSet, ExtraTokenFields, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

use super::http::{HttpClient, HttpRequest};
use super::id_token::{self, Expected, GOOGLE_ISSUER, Profile};
use super::keys::KeySet;
use super::{Browser, Completion, LocalPath, OAuthError, Pending, Purpose, StartedFlow};
use crate::entropy::Entropy;

/// Cache lifetime of a provider's metadata and keys, in seconds.
const METADATA_TTL_SECONDS: i64 = 60 * 60;
/// Minimum seconds between two fetches caused by an unknown key id.
const KEY_REFRESH_INTERVAL_SECONDS: i64 = 60;
/// Seconds before a provider that can't be reached is tried again.
const FAILURE_BACKOFF_SECONDS: i64 = 5;

/// A provider and this service's registration with it.
#[derive(Clone)]
pub struct ProviderSettings {
    /// The issuer URL, exactly as in its metadata (`https://accounts.google.com`).
    pub issuer: String,
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: String,
    /// The redirect URI.
    pub redirect_url: Url,
}

impl fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderSettings").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// A provider; one instance per process. Nothing is fetched before the first sign-in.
pub struct OpenIdProvider {
    settings: ProviderSettings,
    http: Arc<dyn HttpClient>,
    /// Locked during a fetch, so that concurrent callers share one fetch.
    known: Mutex<ProviderMetadata>,
}

impl fmt::Debug for OpenIdProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenIdProvider").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The metadata used here (OpenID Connect Discovery 1.0 §3).
#[derive(Clone, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
}

#[derive(Default)]
struct ProviderMetadata {
    metadata: Option<(Metadata, Instant)>,
    keys: Option<(KeySet, Instant)>,
    looked_again_at: Option<Instant>,
    failed_at: Option<(Instant, String)>,
}

/// The members of a token response beyond plain OAuth.
#[derive(Debug, Deserialize, Serialize)]
struct IdTokenField {
    id_token: Option<String>,
}

impl ExtraTokenFields for IdTokenField {}

type OAuthClient = oauth2::Client<
    BasicErrorResponse,
    StandardTokenResponse<IdTokenField, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    EndpointSet,
>;

impl OpenIdProvider {
    /// A provider, reached through an HTTP client.
    pub fn new(settings: ProviderSettings, http: Arc<dyn HttpClient>) -> Self {
        Self { settings, http, known: Mutex::default() }
    }

    /// Begins a flow: returns the authorization URL and the state to store. A flow without a browser can only be
    /// finished by the app that began it.
    ///
    /// # Errors
    /// [`OAuthError::Unavailable`] if the provider's metadata can't be fetched.
    pub async fn begin(
        &self,
        purpose: Purpose,
        completion: Completion,
        next: LocalPath,
        browser: Option<&Browser>,
        entropy: &dyn Entropy,
        now: Instant,
    ) -> Result<StartedFlow, OAuthError> {
        let client = self.client(now).await?;
        let (state, pending) = Pending::new(purpose, completion, next, browser, entropy);
        let text = state.text();
        let mut request = client
            .authorize_url(|| CsrfToken::new(text))
            .add_scopes(["openid", "email"].map(|scope| Scope::new(scope.to_owned())))
            .add_extra_param("nonce", pending.nonce());
        if self.settings.issuer == GOOGLE_ISSUER {
            // Users with several accounts choose one, and following a link alone signs nobody in. Other providers may
            // reject the unknown parameter.
            request = request.add_extra_param("prompt", "select_account");
        }
        let (url, _) = request
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(
                pending.verifier().to_owned(),
            )))
            .url();
        Ok(StartedFlow { url, state, pending })
    }

    /// Finishes a flow: exchanges the code and returns the verified profile.
    ///
    /// # Errors
    /// [`OAuthError`].
    pub async fn finish(&self, pending: &Pending, code: String, now: Instant) -> Result<Profile, OAuthError> {
        let client = self.client(now).await?;
        let send = |request: HttpRequest| self.http.send(request);
        let exchanged = client
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier().to_owned()))
            .request_async(&send)
            .await;
        let answer = exchanged.map_err(|error| match error {
            RequestTokenError::ServerResponse(refusal) => OAuthError::CodeRefused(refusal.error().to_string()),
            RequestTokenError::Request(failure) => OAuthError::Unavailable(failure.to_string()),
            // The response may contain a token, so it isn't shown.
            RequestTokenError::Parse(..) => OAuthError::Unavailable("its token answer can't be read".to_owned()),
            RequestTokenError::Other(_) => OAuthError::Unavailable("its token answer is empty".to_owned()),
        })?;
        let token = answer.extra_fields().id_token.as_deref();
        let token = token.ok_or(OAuthError::TokenInvalid("there is none"))?;
        let (algorithm, kid) = id_token::signed_with(token)?;
        let key = self.key(&kid, algorithm, now).await?;
        let expected =
            Expected { issuer: &self.settings.issuer, client_id: &self.settings.client_id, nonce: pending.nonce() };
        id_token::verify(token, &key, algorithm, expected, now)
    }

    /// Checks the issuer parameter of a redirect, if present (RFC 9207).
    pub fn is_issuer(&self, claimed: &str) -> bool {
        claimed == self.settings.issuer
    }

    async fn client(&self, now: Instant) -> Result<OAuthClient, OAuthError> {
        let metadata = self.known.lock().await.metadata(&*self.http, &self.settings.issuer, now).await?;
        Ok(oauth2::Client::new(ClientId::new(self.settings.client_id.clone()))
            .set_client_secret(ClientSecret::new(self.settings.client_secret.clone()))
            .set_redirect_uri(RedirectUrl::from_url(self.settings.redirect_url.clone()))
            .set_auth_uri(AuthUrl::from_url(metadata.authorization_endpoint))
            .set_token_uri(TokenUrl::from_url(metadata.token_endpoint)))
    }

    async fn key(&self, kid: &str, algorithm: Algorithm, now: Instant) -> Result<DecodingKey, OAuthError> {
        let mut known = self.known.lock().await;
        let metadata = known.metadata(&*self.http, &self.settings.issuer, now).await?;
        if let Some(key) = known.keys(&*self.http, &metadata.jwks_uri, now).await?.find(kid, algorithm) {
            return Ok(key.clone());
        }
        // The provider may have rotated its keys; but unknown key ids must not trigger a fetch each.
        if is_due(known.looked_again_at, KEY_REFRESH_INTERVAL_SECONDS, now) {
            known.looked_again_at = Some(now);
            known.keys = None;
            if let Some(key) = known.keys(&*self.http, &metadata.jwks_uri, now).await?.find(kid, algorithm) {
                return Ok(key.clone());
            }
        }
        Err(OAuthError::TokenInvalid("it is signed with a key that the provider doesn't publish"))
    }
}

fn is_due(last: Option<Instant>, seconds: i64, now: Instant) -> bool {
    last.is_none_or(|last| last.plus_seconds(seconds) <= now)
}

impl ProviderMetadata {
    async fn metadata(&mut self, http: &dyn HttpClient, issuer: &str, now: Instant) -> Result<Metadata, OAuthError> {
        if let Some((metadata, read_at)) = &self.metadata
            && !is_due(Some(*read_at), METADATA_TTL_SECONDS, now)
        {
            return Ok(metadata.clone());
        }
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let body = self.fetch(http, &url, now).await?;
        let metadata: Metadata = serde_json::from_slice(&body)
            .map_err(|_| OAuthError::Unavailable("its discovery document can't be read".to_owned()))?;
        if metadata.issuer != issuer {
            return Err(OAuthError::Unavailable("its discovery document names another issuer".to_owned()));
        }
        // An issuer with HTTPS must not refer to endpoints without it.
        let urls = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
        if issuer.starts_with("https:") && urls.into_iter().any(|url| url.scheme() != "https") {
            return Err(OAuthError::Unavailable("its discovery document leads to plain HTTP".to_owned()));
        }
        self.metadata = Some((metadata.clone(), now));
        Ok(metadata)
    }

    async fn keys(&mut self, http: &dyn HttpClient, url: &Url, now: Instant) -> Result<&KeySet, OAuthError> {
        let fresh = self.keys.take().filter(|(_, read_at)| !is_due(Some(*read_at), METADATA_TTL_SECONDS, now));
        let keys = if let Some(keys) = fresh {
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
        let fetched = get(http, url).await;
        self.failed_at = fetched.as_ref().err().map(|reason| (now, reason.clone()));
        fetched.map_err(OAuthError::Unavailable)
    }
}

async fn get(http: &dyn HttpClient, url: &str) -> Result<Vec<u8>, String> {
    let request = oauth2::http::Request::builder().uri(url).header("accept", "application/json").body(Vec::new());
    let answer = http.send(request.map_err(|error| error.to_string())?).await.map_err(|failure| failure.to_string())?;
    if answer.status().as_u16() != 200 {
        return Err(format!("{url} answered {}", answer.status().as_u16()));
    }
    Ok(answer.into_body())
}
