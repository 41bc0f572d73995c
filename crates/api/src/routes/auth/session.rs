//! `/auth/session`: cookie sessions of browser apps.

use actix_web::http::header::{CACHE_CONTROL, SET_COOKIE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use circadia_auth::Client;
use circadia_auth::sessions::{self, Authenticated, COOKIE, OpenedCookie, SessionRef, SessionRefusal};
use circadia_auth::stores::Key;
use circadia_domain::civil::Instant;
use circadia_domain::ids::{SessionId, UserId};
use circadia_domain::sessions::SessionKind;
use circadia_domain::unit_of_work::Store;
use circadia_domain::{Entity, Error};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::Refused;
use super::login::{LoginBody, sign_in};
use super::totp::{SecondFactorBody, answer_challenge};
use crate::app::App;
use crate::cookies;
use crate::identity::{Principal, follow_revocations, session_invalid};
use crate::input::Body;
use crate::problem::{Problem, ProblemDoc};
use crate::routes::me::UserBody;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(open_session).service(open_session_with_totp).service(get_session).service(end_session);
}

/// A cookie session. The cookie itself is out of reach of scripts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CookieSession)]
pub struct SessionBody {
    /// Who is signed in.
    user: UserBody,
    /// To be repeated in `X-CSRF-Token` by every request that isn't GET. The same for as long as the session lasts.
    csrf_token: String,
    /// When the session ends at the latest; earlier, if it isn't used for two days.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Instant,
}

/// Opens a cookie session, inside the user's writing unit of work.
pub(super) fn open_cookie(
    store: &mut dyn Store,
    app: &App,
    authenticated: Authenticated,
    client: &Client,
    now: Instant,
) -> Result<OpenedCookie, SessionRefusal> {
    Ok(sessions::open_cookie_session(store, authenticated, client, &*app.ids, &*app.identity.entropy, now)?)
}

/// Makes a cookie that was opened lead to its session, and gives the `Set-Cookie` for it. What session the browser had
/// before ends.
pub(crate) async fn seat(app: &App, request: &HttpRequest, opened: &OpenedCookie) -> Result<String, Problem> {
    let (now, session) = (app.now(), &opened.session);
    let place = SessionRef { user: session.user, session: session.id };
    let put = app.identity.ephemera.put(COOKIE, opened.id.key(), &place.to_bytes(), session.expires_at, now).await;
    if let Err(failure) = put {
        // Nobody has its cookie: it is not to be shown as somebody's session for a week.
        if let Err(problem) = end(app, place.user, place.session).await {
            tracing::warn!(%problem, "a session that nobody has can't be removed");
        }
        return Err(failure.into());
    }
    if let Some(former) = cookies::text(app, request.head()).and_then(|text| app.identity.cookies.read(text)) {
        let leads_to = app.identity.ephemera.get(COOKIE, former.key(), now).await?;
        if let Some(former) = leads_to.and_then(|value| SessionRef::from_bytes(&value)) {
            match end(app, former.user, former.session).await {
                Err(problem) if problem.code() != "session_not_found" && problem.code() != "token_revoked" => {
                    return Err(problem);
                }
                _ => {}
            }
        }
    }
    Ok(cookies::set(app, request.head(), &opened.id))
}

/// Ends a session of a user, whichever kind it is.
///
/// # Errors
/// `session_not_found` if there is no live one.
pub(crate) async fn end(app: &App, user: UserId, session: SessionId) -> Result<(), Problem> {
    let now = app.now();
    let ended = app
        .unit_of_work
        .write(user, now, move |tx| {
            let state = tx.store.find_session(user, session)?;
            let live = state.filter(|state| sessions::is_live(&state.session, now));
            let live = live.ok_or(Error::NotFound(Entity::Session))?.session;
            sessions::revoke(tx.store, user, session, now)?;
            Ok::<_, Refused>(live)
        })
        .await?;
    if ended.kind == SessionKind::Cookie {
        let key = Key::from_hash(ended.secret_hash);
        app.identity.cookies.forget(key);
        // Where it led has ended. Without Redis, it can go on leading there.
        if let Err(failure) = app.identity.ephemera.delete(COOKIE, key).await {
            tracing::debug!(%failure, "the cookie of an ended session is left to expire");
        }
    }
    follow_revocations(app).await;
    Ok(())
}

/// Answers with a cookie session that was opened.
pub(super) async fn answer(
    app: &App,
    request: &HttpRequest,
    opened: &OpenedCookie,
    user: UserBody,
) -> Result<HttpResponse, Problem> {
    let cookie = seat(app, request, opened).await?;
    let body = SessionBody {
        user,
        csrf_token: app.identity.cookies.csrf_token(&opened.id),
        expires_at: opened.session.expires_at,
    };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).insert_header((SET_COOKIE, cookie)).json(body))
}

/// Log in with a cookie
///
/// For browser apps: like `POST /auth/login`, but the session is kept in a cookie that scripts can't read
/// (`__Host-circadia`; `HttpOnly`, `Secure`, `SameSite=Lax`; on a developer's own machine without TLS `circadia`).
/// Always with a new one; the session that the browser had before ends. Pages of other sites are refused.
#[utoipa::path(
    tag = "auth",
    operation_id = "openSession",
    security(()),
    request_body = LoginBody,
    responses(
        (status = 200, description = "Signed in", body = SessionBody, headers(("Set-Cookie" = String, description = "The session"))),
        (status = 401, description = "`invalid_credentials`; or, if the password is right, `second_factor_required` with a `challenge` for `POST /auth/session/totp`", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 403, description = "`csrf_failed`: a page of another site asked for it", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/auth/session")]
async fn open_session(app: Data<App>, request: HttpRequest, body: Body<LoginBody>) -> Result<HttpResponse, Problem> {
    cookies::check_origin(&app, request.head())?;
    let (opened, user) = sign_in(&app, &request, body.value, SessionKind::Cookie, open_cookie).await?;
    answer(&app, &request, &opened, user).await
}

/// Log in with a cookie and a second factor
///
/// Opens the session that `POST /auth/session` refused with `second_factor_required`. A challenge opens the kind of
/// session that it was given for, and no other. Wrong codes are counted for good: after
/// ten, one may be tried every 48 minutes (429 with `Retry-After`), and recovery codes at any time.
#[utoipa::path(
    tag = "auth",
    operation_id = "openSessionWithTotp",
    security(()),
    request_body = SecondFactorBody,
    responses(
        (status = 200, description = "Signed in", body = SessionBody, headers(("Set-Cookie" = String, description = "The session"))),
        (status = 401, description = "`wrong_code`; or `challenge_expired`: begin again with the password", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 403, description = "`csrf_failed`: a page of another site asked for it", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
#[post("/auth/session/totp")]
async fn open_session_with_totp(
    app: Data<App>,
    request: HttpRequest,
    body: Body<SecondFactorBody>,
) -> Result<HttpResponse, Problem> {
    cookies::check_origin(&app, request.head())?;
    let (opened, user) = answer_challenge(&app, &request, body.value, SessionKind::Cookie, open_cookie).await?;
    answer(&app, &request, &opened, user).await
}

/// Am I logged in?
///
/// Who is signed in by this cookie, and the token for `X-CSRF-Token`.
#[utoipa::path(
    tag = "auth",
    operation_id = "getSession",
    security(("cookie" = [])),
    responses((status = 200, description = "The session", body = SessionBody))
)]
#[get("/auth/session")]
async fn get_session(app: Data<App>, request: HttpRequest, principal: Principal) -> Result<HttpResponse, Problem> {
    let id = cookies::text(&app, request.head()).and_then(|text| app.identity.cookies.read(text));
    let Some(id) = id.filter(|_| principal.kind == SessionKind::Cookie) else { return Err(session_invalid()) };
    let now = app.now();
    let (user, expires_at) = app
        .unit_of_work
        .read::<_, Error>(move |store| {
            let user = UserBody::load(store, principal.user, now)?;
            let state = store.find_session(principal.user, principal.session)?;
            Ok((user, state.ok_or(Error::NotFound(Entity::Session))?.session.expires_at))
        })
        .await?;
    let body = SessionBody { user, csrf_token: app.identity.cookies.csrf_token(&id), expires_at };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(body))
}

/// Log out
///
/// Ends the cookie's session, and has the browser forget the cookie.
#[utoipa::path(
    tag = "auth",
    operation_id = "endSession",
    security(("cookie" = [])),
    responses((status = 204, description = "The session has ended; it is refused everywhere within a second"))
)]
#[delete("/auth/session")]
async fn end_session(app: Data<App>, request: HttpRequest, principal: Principal) -> Result<HttpResponse, Problem> {
    if principal.kind != SessionKind::Cookie {
        return Err(session_invalid());
    }
    end(&app, principal.user, principal.session).await?;
    Ok(HttpResponse::NoContent().insert_header((SET_COOKIE, cookies::clear(&app, request.head()))).finish())
}
