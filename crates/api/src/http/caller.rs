//! The caller of a request: authentication before routing, and the extractor for handlers.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::{Payload, RequestHead};
use actix_web::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, HeaderName, USER_AGENT};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use circadia_app::{App, Principal};
use circadia_auth::Client;
use circadia_auth::personal_tokens::PERSONAL_TOKEN_PREFIX;
use circadia_auth::sessions::CookieId;
use circadia_auth::tokens::{TokenError, bearer};
use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::unit_of_work::{Store, UnitOfWorkError, WriteTransaction};

use crate::http::client_address::client_address;
use crate::http::input::{NoParameters, Query};
use crate::http::problem::Problem;
use crate::http::routing::matched;
use crate::http::state::AppState;
use crate::http::{context, cookies, csrf, scopes};

/// The result of authenticating a request. Put into the request before it is routed.
#[derive(Debug, Clone)]
pub(crate) struct Authentication {
    outcome: Result<Principal, Problem>,
    /// The session's cookie, if the request was authenticated by one.
    cookie: Option<CookieId>,
}

impl Authentication {
    /// Who it is.
    ///
    /// # Errors
    /// Why the credentials were refused.
    pub(crate) fn principal(self) -> Result<Principal, Problem> {
        self.outcome
    }
}

/// Authenticates by the `Authorization` header, else by the session's cookie.
pub(crate) async fn authenticate(state: &AppState, request: &HttpRequest) -> Authentication {
    if let Some(header) = request.headers().get(AUTHORIZATION) {
        let outcome = by_header(state, header.to_str().unwrap_or_default()).await;
        return Authentication { outcome, cookie: None };
    }
    let cookies = cookies::sessions(state, request.head());
    if !cookies.sent {
        return Authentication { outcome: Err(TokenError::Missing.into()), cookie: None };
    }
    match by_cookies(state, request.head(), cookies.issued).await {
        Ok((principal, id)) => Authentication { outcome: Ok(principal), cookie: Some(id) },
        Err(problem) => Authentication { outcome: Err(problem), cookie: None },
    }
}

async fn by_header(state: &AppState, header: &str) -> Result<Principal, Problem> {
    let (token, authenticator) = (bearer(Some(header))?, &state.app.authenticator);
    Ok(if token.starts_with(PERSONAL_TOKEN_PREFIX) {
        authenticator.by_personal_token(token).await?
    } else {
        authenticator.by_access_token(token).await?
    })
}

async fn by_cookies(
    state: &AppState,
    head: &RequestHead,
    ids: Vec<CookieId>,
) -> Result<(Principal, CookieId), Problem> {
    let (principal, id) = state.app.authenticator.by_cookies(ids, &client(state, head, None)).await?;
    csrf::check(state, head, &id)?;
    Ok((principal, id))
}

/// The client that sends a request, with its device's name.
pub(crate) fn client(state: &AppState, head: &RequestHead, device: Option<&str>) -> Client {
    let header = |name: HeaderName| head.headers().get(name).and_then(|value| value.to_str().ok());
    let client = Client::new(device, header(USER_AGENT), client_address(head, &state.settings));
    client.with_languages(header(ACCEPT_LANGUAGE))
}

/// The authenticated user of a request, or why the credentials were refused.
pub(crate) fn principal_of(request: &impl actix_web::HttpMessage) -> Option<Principal> {
    request.extensions().get::<Authentication>().and_then(|found| found.outcome.as_ref().ok().copied())
}

/// The session's cookie, if the request was authenticated by one.
pub(crate) fn cookie_of(request: &impl actix_web::HttpMessage) -> Option<CookieId> {
    request.extensions().get::<Authentication>().and_then(|found| found.cookie.clone())
}

/// The signed-in user whose request a handler answers.
///
/// Dereferences to [`App`]. Extracting it refuses requests without good credentials, roles below the operation's, and
/// personal access tokens without its scopes.
#[derive(Debug, Clone)]
pub struct Caller {
    pub state: Data<AppState>,
    pub principal: Principal,
    pub user: UserId,
    /// When the request arrived.
    pub now: Instant,
}

impl Deref for Caller {
    type Target = App;

    fn deref(&self) -> &App {
        &self.state.app
    }
}

impl Caller {
    /// Reads what one statement answers, apart from the user's settings, or parts of which each is answered by one.
    /// Without a transaction, see [`circadia_domain::unit_of_work::query`].
    ///
    /// # Errors
    /// Those of `work`, and the store's.
    pub async fn query<T, E>(
        &self,
        work: impl Fn(&mut dyn Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Into<Problem> + Send + 'static,
    {
        self.context.unit_of_work.query(work).await.map_err(Into::into)
    }

    /// Like [`query`](Self::query), but from the read replica if there is one that has what this user has written: for
    /// statistics and views of many days.
    ///
    /// # Errors
    /// Those of `work`, and the store's.
    pub async fn query_replica<T, E>(
        &self,
        work: impl Fn(&mut dyn Store) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Into<Problem> + Send + 'static,
    {
        self.context.unit_of_work.query_replica(self.user, work).await.map_err(Into::into)
    }

    /// Like [`read`](Self::read), but from the read replica as in [`query_replica`](Self::query_replica).
    ///
    /// # Errors
    /// Those of `work`, and the store's.
    pub async fn read_replica<T, E>(
        &self,
        work: impl Fn(&mut dyn Store) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Into<Problem> + Send + 'static,
    {
        self.context.unit_of_work.read_replica(self.user, work).await.map_err(Into::into)
    }

    /// Reads from one snapshot.
    ///
    /// # Errors
    /// Those of `work`, and the store's.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut dyn Store) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Into<Problem> + Send + 'static,
    {
        self.context.unit_of_work.read(work).await.map_err(Into::into)
    }

    /// Writes as this user.
    ///
    /// # Errors
    /// Those of `work`, and the store's.
    pub async fn write<T, E>(
        &self,
        work: impl FnMut(&mut WriteTransaction<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: UnitOfWorkError + Into<Problem> + Send + 'static,
    {
        self.context.unit_of_work.write(self.user, self.now, work).await.map_err(Into::into)
    }

    /// A fresh id.
    pub fn fresh_id<T: From<uuid::Uuid>>(&self) -> T {
        self.context.ids.fresh().into()
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(caller(request))
    }
}

fn caller(request: &HttpRequest) -> Result<Caller, Problem> {
    let principal = admitted(request)?;
    let state = request.app_data::<Data<AppState>>();
    let state = state.cloned().ok_or_else(|| Problem::internal(&"the application's state is missing"))?;
    if !request.query_string().is_empty() && matched(request).is_some_and(|matched| !matched.policy.takes_query) {
        Query::<NoParameters>::of(request)?;
    }
    let now = state.app.context.now();
    Ok(Caller { state, principal, user: principal.user, now })
}

/// The user of a request, whom the operation lets in.
///
/// # Errors
/// Why the credentials were refused, or don't suffice.
pub(crate) fn admitted(request: &HttpRequest) -> Result<Principal, Problem> {
    let principal = match request.extensions().get::<Authentication>() {
        Some(found) => found.outcome.clone()?,
        None => return Err(TokenError::Missing.into()),
    };
    context::note_user(principal.user);
    let policy = matched(request).map(|matched| matched.policy).unwrap_or_default();
    if let Some(scopes) = principal.scopes {
        scopes::admit(scopes, policy.scopes)?;
    }
    scopes::admit_role(principal.role, policy.role)?;
    Ok(principal)
}
