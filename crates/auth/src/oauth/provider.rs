//! An OpenID provider: the two requests of the code flow.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use circadia_domain::civil::Instant;
use circadia_domain::identities::{Issuer, ProviderName};
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret as SentSecret, CsrfToken, EndpointSet,
    ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardRevocableToken, StandardTokenResponse, TokenResponse as _, TokenUrl,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

use super::http::{HttpClient, HttpRequest};
use super::id_token::{self, EmailClaims, Expected, Profile};
use super::keys::KeySet;
use super::metadata::{Known, Metadata, get};
use super::settings::{GOOGLE_ISSUER, ProviderSettings, ResponseMode};
use super::{Browser, Completion, LocalPath, OAuthError, Pending, Purpose, StartedFlow};
use crate::entropy::Entropy;

/// How long finishing a flow may take in all, with up to four answers of the provider.
const FINISH_TIMEOUT: Duration = Duration::from_secs(10);

/// A provider; one instance per process. Nothing is fetched before the first sign-in. Providers share nothing, so that
/// one that doesn't answer doesn't hold up signing in with another.
pub struct OpenIdProvider {
    settings: ProviderSettings,
    issuers: Vec<Issuer>,
    http: Arc<dyn HttpClient>,
    /// Locked during a fetch, so that concurrent callers share one fetch.
    known: Mutex<Known>,
    pub(super) finish_timeout: Duration,
}

impl fmt::Debug for OpenIdProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenIdProvider").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The members of a token response beyond plain OAuth.
#[derive(Debug, Deserialize, Serialize)]
struct IdTokenField {
    id_token: Option<String>,
}

impl ExtraTokenFields for IdTokenField {}

type TokenAnswer = StandardTokenResponse<IdTokenField, BasicTokenType>;

type OAuthClient = oauth2::Client<
    BasicErrorResponse,
    TokenAnswer,
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
        let issuers = settings.issuers();
        Self { settings, issuers, http, known: Mutex::default(), finish_timeout: FINISH_TIMEOUT }
    }

    /// What it is called in the configuration and in URLs.
    pub const fn name(&self) -> &ProviderName {
        &self.settings.name
    }

    /// What users call it.
    pub fn title(&self) -> &str {
        &self.settings.title
    }

    /// The redirect URI.
    pub const fn redirect_url(&self) -> &Url {
        &self.settings.redirect_url
    }

    /// Whether identities of this issuer are the provider's.
    pub fn has_issuer(&self, issuer: &Issuer) -> bool {
        self.issuers.contains(issuer)
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
        let client = self.client(&self.metadata(now).await?);
        let (state, pending) = Pending::new(self.name(), purpose, completion, next, browser, entropy);
        let text = state.text();
        let mut request = client
            .authorize_url(|| CsrfToken::new(text))
            .add_scopes(self.settings.scopes.iter().cloned().map(Scope::new))
            .add_extra_param("nonce", pending.nonce());
        if self.settings.response_mode == ResponseMode::FormPost {
            request = request.add_extra_param("response_mode", "form_post");
        }
        if self.settings.issuer.as_str() == GOOGLE_ISSUER {
            // Users with several accounts choose one, and following a link alone doesn't sign in. Other providers may
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
        let finished = tokio::time::timeout(self.finish_timeout, self.try_finish(pending, code, now)).await;
        finished.unwrap_or_else(|_| Err(OAuthError::Unavailable("it takes too long to answer".to_owned())))
    }

    async fn try_finish(&self, pending: &Pending, code: String, now: Instant) -> Result<Profile, OAuthError> {
        let metadata = self.metadata(now).await?;
        let answer = self.exchange(&metadata, pending, code, now).await?;
        let token = answer.extra_fields().id_token.as_deref();
        let token = token.ok_or(OAuthError::TokenInvalid("there is none"))?;
        let (algorithm, kid) = id_token::signed_with(token, &metadata)?;
        let key = {
            let mut known = self.known.lock().await;
            let is_sought = |keys: &KeySet| keys.find(&kid, algorithm).is_some();
            let keys = known.keys(&*self.http, &metadata.jwks_uri, is_sought, now).await?;
            keys.find(&kid, algorithm).cloned()
        };
        let unknown = OAuthError::TokenInvalid("it is signed with a key that the provider doesn't publish");
        let key = key.ok_or(unknown)?;
        let (issuers, client_id) = (&self.issuers[..], &self.settings.client_id[..]);
        let expected = Expected { issuers, client_id, nonce: pending.nonce() };
        let mut verified = id_token::verify(token, &key, algorithm, expected, now)?;
        if let (true, Some(url)) = (verified.email.is_missing(), &metadata.userinfo_endpoint) {
            let access_token = answer.access_token().secret();
            verified.email = self.user_info(url, access_token, verified.subject.as_str()).await?;
        }
        let email = verified.email.verified(self.settings.trusts_emails)?;
        Ok(Profile { issuer: verified.issuer, subject: verified.subject, email })
    }

    /// Checks the issuer parameter of a redirect (RFC 9207): that it is right, and that it is there if the provider
    /// says that it always is.
    ///
    /// # Errors
    /// [`OAuthError::Unavailable`] if the provider's metadata can't be fetched.
    pub async fn is_issuer(&self, claimed: Option<&str>, now: Instant) -> Result<bool, OAuthError> {
        match claimed {
            Some(claimed) => Ok(self.issuers.iter().any(|issuer| issuer.as_str() == claimed)),
            None => Ok(!self.metadata(now).await?.authorization_response_iss_parameter_supported),
        }
    }

    async fn metadata(&self, now: Instant) -> Result<Metadata, OAuthError> {
        let documented = self.settings.documented_issuer();
        let mut known = self.known.lock().await;
        known.metadata(&*self.http, self.settings.issuer.as_str(), &documented, now).await
    }

    fn client(&self, metadata: &Metadata) -> OAuthClient {
        oauth2::Client::new(ClientId::new(self.settings.client_id.clone()))
            .set_redirect_uri(RedirectUrl::from_url(self.settings.redirect_url.clone()))
            .set_auth_uri(AuthUrl::from_url(metadata.authorization_endpoint.clone()))
            .set_token_uri(TokenUrl::from_url(metadata.token_endpoint.clone()))
    }

    async fn exchange(
        &self,
        metadata: &Metadata,
        pending: &Pending,
        code: String,
        now: Instant,
    ) -> Result<TokenAnswer, OAuthError> {
        let secret = &self.settings.client_secret;
        let auth_type = if !secret.is_signed() && metadata.accepts("client_secret_basic") {
            AuthType::BasicAuth
        } else if metadata.accepts("client_secret_post") {
            AuthType::RequestBody
        } else {
            return Err(OAuthError::Unavailable("it accepts client secrets in no way that is known here".to_owned()));
        };
        let text = secret.text(&self.settings.client_id, &self.settings.issuer, now)?;
        let client = self.client(metadata).set_client_secret(SentSecret::new(text)).set_auth_type(auth_type);
        let send = |request: HttpRequest| self.http.send(request);
        let exchanged = client
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier().to_owned()))
            .request_async(&send)
            .await;
        exchanged.map_err(|error| match error {
            RequestTokenError::ServerResponse(refusal) => OAuthError::CodeRefused(refusal.error().to_string()),
            RequestTokenError::Request(failure) => OAuthError::Unavailable(failure.to_string()),
            // The response may contain a token, so it isn't shown.
            RequestTokenError::Parse(..) => OAuthError::Unavailable("its token answer can't be read".to_owned()),
            RequestTokenError::Other(_) => OAuthError::Unavailable("its token answer is empty".to_owned()),
        })
    }

    /// What the `userinfo` endpoint says of the token's subject (OpenID Connect Core 1.0 §5.3): some providers put no
    /// address into ID tokens.
    async fn user_info(&self, url: &Url, access_token: &str, subject: &str) -> Result<EmailClaims, OAuthError> {
        #[derive(Deserialize)]
        struct UserInfo {
            sub: String,
            #[serde(flatten)]
            email: EmailClaims,
        }
        let body = get(&*self.http, url.as_str(), Some(access_token)).await.map_err(OAuthError::Unavailable)?;
        let info: UserInfo = serde_json::from_slice(&body)
            .map_err(|_| OAuthError::Unavailable("its user information can't be read".to_owned()))?;
        if info.sub != subject {
            return Err(OAuthError::TokenInvalid("its user information is another user's"));
        }
        Ok(info.email)
    }
}
