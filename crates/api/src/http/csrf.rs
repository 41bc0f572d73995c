//! CSRF protection: keeps pages of other origins from using a session's cookie.
//!
//! A browser sends its cookies with requests from any page. An unsafe request by cookie must prove that it comes from
//! an allowed page by three means: where the browser says it comes from (`Sec-Fetch-Site`, `Origin`), a content type
//! that a form can't have, and a token that only such a page can have read. A request with an `Authorization` header is
//! judged by that alone: no page can have a browser make one up.

use actix_web::dev::RequestHead;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_TYPE, HOST, HeaderName, ORIGIN};
use circadia_auth::sessions::CookieId;
use circadia_domain::code::Code;

use crate::http::client_address::is_https;
use crate::http::problem::Problem;
use crate::http::state::AppState;

const CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

/// Where the browser says that a request comes from (Fetch Metadata).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

fn refused(detail: &'static str) -> Problem {
    Problem::of(Code::CsrfFailed, detail)
}

fn header<'a>(head: &'a RequestHead, name: &HeaderName) -> Option<&'a str> {
    head.headers().get(name).map(|value| value.to_str().unwrap_or_default())
}

/// Checks an unsafe request by cookie. Safe methods change nothing, and pass.
///
/// # Errors
/// `csrf_failed`.
pub(crate) fn check(state: &AppState, head: &RequestHead, id: &CookieId) -> Result<(), Problem> {
    if matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE) {
        return Ok(());
    }
    if header(head, &SEC_FETCH_SITE).is_none() && header(head, &ORIGIN).is_none() {
        return Err(refused(
            "With a cookie, the browser must say where the request comes from (`Origin`). Programs use access tokens.",
        ));
    }
    check_origin(state, head)?;
    let kind = header(head, &CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    if ["text/plain", "application/x-www-form-urlencoded"].iter().any(|form| kind.trim_start().starts_with(form)) {
        return Err(refused("With a cookie, bodies that a plain form can send are refused: send `application/json`."));
    }
    match header(head, &CSRF_TOKEN) {
        Some(given) if state.app.sessions.cookies.is_csrf_token(id, given) => Ok(()),
        Some(_) => Err(refused("`X-CSRF-Token` is not the token of this session: ask `GET /auth/session` for it.")),
        None => Err(refused("`X-CSRF-Token` is missing: send the `csrf_token` of `GET /auth/session`.")),
    }
}

/// Refuses pages of other origins. Also where a session begins: a page must not sign its visitors in to another user's
/// account.
///
/// # Errors
/// `csrf_failed`.
pub(crate) fn check_origin(state: &AppState, head: &RequestHead) -> Result<(), Problem> {
    let site = header(head, &SEC_FETCH_SITE);
    if site == Some("cross-site") {
        return Err(refused(
            "The request comes from a page of another site (`Sec-Fetch-Site`). The page and the API need one: a page on \
             `localhost` calls `localhost`, not `127.0.0.1`.",
        ));
    }
    match header(head, &ORIGIN) {
        // Only the browser writes `Sec-Fetch-Site`, and it knows its own origin better than a server behind proxies.
        _ if site == Some("same-origin") => Ok(()),
        Some(origin) if is_allowed(state, head, origin) => Ok(()),
        Some(_) => Err(refused(
            "The request comes from a page (`Origin`) that isn't allowed to call this API: its origin must be that of \
             `CIRCADIA_FRONTEND_URL` or one of `CIRCADIA_CORS_ORIGINS`.",
        )),
        None if matches!(site, None | Some("none")) => Ok(()),
        None => Err(refused("The request doesn't say which page it comes from (`Origin`).")),
    }
}

fn is_allowed(state: &AppState, head: &RequestHead, origin: &str) -> bool {
    let scheme = if is_https(head, &state.settings) { "https" } else { "http" };
    let own = header(head, &HOST).is_some_and(|host| origin.eq_ignore_ascii_case(&format!("{scheme}://{host}")));
    own || state.settings.cors_origins.iter().any(|listed| listed == origin)
}
