//! Who is asking: what the `auth` crate needs at hand, and what it says about a request.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use circadia_auth::Entropy;
use circadia_auth::accounts::Identifiers;
use circadia_auth::keys::MasterKey;
use circadia_auth::passwords::Hasher;
use circadia_auth::sessions::{Revocations, Standing};
use circadia_auth::stores::{Ephemera, Redis, StoreFailure};
use circadia_auth::throttles::Throttle;
use circadia_auth::tokens::{Access, AccessTokens, TokenError, bearer};
use circadia_domain::ids::{SessionId, UserId};

use crate::app::App;
use crate::context;
use crate::problem::Problem;

/// Passwords, tokens and sessions.
pub struct Identity {
    /// Hashes passwords.
    pub hasher: Hasher,
    /// Issues and verifies access tokens.
    pub tokens: AccessTokens,
    /// The sessions that were ended lately.
    pub revocations: Arc<Revocations>,
    /// What is recorded of the names that people try to sign in with.
    pub identifiers: Identifiers,
    /// What everything that is stored secretly is sealed under.
    pub master: MasterKey,
    /// Held by whoever makes the first key for passwords.
    pub first_login_key: tokio::sync::Mutex<()>,
    /// What is kept for a short time, by the hash of a secret; for all replicas.
    pub ephemera: Ephemera,
    /// Redis, if there is one.
    pub redis: Option<Arc<Redis>>,
    /// Randomness for secrets.
    pub entropy: Arc<dyn Entropy>,
    /// Limits attempts per account.
    pub account_throttle: Option<Arc<dyn Throttle>>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("hasher", &self.hasher).finish_non_exhaustive()
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    /// Who.
    pub user: UserId,
    /// In which session.
    pub session: SessionId,
}

/// What a request's credentials turned out to be; put into the request before it is routed.
#[derive(Debug, Clone)]
pub(crate) struct Authentication(pub Result<Principal, Problem>);

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Missing => {
                Self::of("authentication_required", "Send an access token: `Authorization: Bearer …`.")
            }
            TokenError::Invalid => Self::of("token_invalid", "The token was not issued here, or is of another kind."),
            TokenError::Expired => Self::of("token_expired", "The token has expired: refresh it, or sign in again."),
            TokenError::Revoked => Self::of("token_revoked", "The session of this token has ended: sign in again."),
        }
    }
}

impl From<StoreFailure> for Problem {
    fn from(failure: StoreFailure) -> Self {
        match failure {
            StoreFailure::Unavailable(cause) => {
                tracing::warn!(%cause, "the store of sessions is unavailable");
                Self::unavailable("The store of sessions can't be reached at the moment. Try again.")
            }
            StoreFailure::Defect(_) => Self::internal(&failure),
        }
    }
}

/// Says who sends a request. Asks the store only while the revocation feed isn't fresh.
pub(crate) async fn authenticate(app: &App, request: &HttpRequest) -> Authentication {
    let header = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    let access = match bearer(header).and_then(|token| app.identity.tokens.verify(token, app.now())) {
        Ok(access) => access,
        Err(error) => return Authentication(Err(error.into())),
    };
    let principal = Principal { user: access.user, session: access.session };
    Authentication(standing(app, access).await.map(|()| principal))
}

async fn standing(app: &App, access: Access) -> Result<(), Problem> {
    let now = app.now();
    match app.identity.revocations.judge(access.user, access.session, access.opened_at, now) {
        Standing::Live => Ok(()),
        Standing::Revoked => Err(TokenError::Revoked.into()),
        Standing::AskStore => {
            let state = app.work.read::<_, Problem>(move |store| Ok(store.find_session(access.user, access.session)?));
            let live = state.await?.is_some_and(|state| {
                state.active && state.session.revoked_at.is_none() && state.session.expires_at > now
            });
            if live { Ok(()) } else { Err(TokenError::Revoked.into()) }
        }
    }
}

/// Who sends this request, if its credentials are good.
pub(crate) fn principal_of(request: &impl actix_web::HttpMessage) -> Option<Principal> {
    request.extensions().get::<Authentication>().and_then(|Authentication(outcome)| outcome.as_ref().ok().copied())
}

impl FromRequest for Principal {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let outcome = match request.extensions().get::<Authentication>() {
            Some(Authentication(outcome)) => outcome.clone(),
            None => Err(TokenError::Missing.into()),
        };
        if let Ok(principal) = &outcome {
            context::note_user(principal.user.to_string());
        }
        ready(outcome)
    }
}

/// Reads the revocation feed. Every replica does so twice a second; the one that ended a session at once.
pub async fn follow_revocations(app: &App) {
    let read_at = app.now();
    let since = app.identity.revocations.cursor(read_at);
    let read = app.work.read::<_, Problem>(move |store| Ok(store.revocations_since(since)?)).await;
    match read {
        Ok(entries) => app.identity.revocations.apply(&entries, read_at),
        // While the feed can't be read, the store is asked at each request.
        Err(problem) => tracing::warn!(%problem, "the revocation feed can't be read"),
    }
}
