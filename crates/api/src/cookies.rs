//! Cookies of browser apps: their names and attributes, and what keeps pages of other origins from using them.
//!
//! A browser sends its cookies along with whatever page had it send a request. So every unsafe request by cookie must
//! prove that it comes from a page of ours, three times over: by where the browser says it comes from
//! (`Sec-Fetch-Site`, `Origin`), by a content type that a form can't have, and by a token that only such a page can have
//! read. A request with an `Authorization` header, which no page can have a browser make up, is judged by that alone;
//! its cookies are ignored.

use std::net::IpAddr;

use actix_web::dev::RequestHead;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_TYPE, COOKIE, HOST, HeaderName, ORIGIN};
use circadia_auth::sessions::{CookieId, SESSION_TTL};

use crate::app::App;
use crate::client_address::is_https;
use crate::problem::Problem;

/// The cookie's name: `__Host-` has browsers insist on `Secure`, `Path=/` and no `Domain`, so that no other host and no
/// plain connection can set one for us.
const NAME: &str = "__Host-circadia";

/// Its name for developers' own machines, where there is no TLS.
const PLAIN_NAME: &str = "circadia";

/// What carries the token.
const CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

/// Where the browser says that a request comes from (Fetch Metadata).
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a request may use the plain cookie.
pub(crate) fn is_plain(app: &App, head: &RequestHead) -> bool {
    may_be_plain(app.settings.production, head.peer_addr.map(|peer| peer.ip()), is_https(head, &app.settings))
}

/// The plain cookie is for development, without TLS, from this machine itself.
fn may_be_plain(production: bool, peer: Option<IpAddr>, https: bool) -> bool {
    !production && !https && peer.is_some_and(|peer| peer.to_canonical().is_loopback())
}

fn name(app: &App, head: &RequestHead) -> &'static str {
    if is_plain(app, head) { PLAIN_NAME } else { NAME }
}

/// The text of the session's cookie, if there is one; nothing sensible if there are several.
pub(crate) fn text<'a>(app: &App, head: &'a RequestHead) -> Option<&'a str> {
    let name = name(app, head);
    let mut found = head
        .headers()
        .get_all(COOKIE)
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(own, _)| *own == name)
        .map(|(_, value)| value);
    let first = found.next()?;
    // Of two, one was planted.
    Some(if found.next().is_some() { "" } else { first })
}

/// The `Set-Cookie` by which a browser keeps a session.
pub(crate) fn set(app: &App, head: &RequestHead, id: &CookieId) -> String {
    attributes(app, head, &app.identity.cookies.text(id), SESSION_TTL)
}

/// The `Set-Cookie` by which it forgets it.
pub(crate) fn clear(app: &App, head: &RequestHead) -> String {
    attributes(app, head, "", 0)
}

fn attributes(app: &App, head: &RequestHead, value: &str, seconds: i64) -> String {
    let secure = if is_plain(app, head) { "" } else { " Secure;" };
    format!("{}={value}; Path=/; Max-Age={seconds};{secure} HttpOnly; SameSite=Lax", name(app, head))
}

fn refused(detail: &'static str) -> Problem {
    Problem::of("csrf_failed", detail)
}

fn header<'a>(head: &'a RequestHead, name: &HeaderName) -> Option<&'a str> {
    head.headers().get(name).map(|value| value.to_str().unwrap_or_default())
}

/// Holds an unsafe request by cookie to what only a page of ours can send. Safe methods change nothing.
///
/// # Errors
/// `csrf_failed`.
pub(crate) fn check(app: &App, head: &RequestHead, id: &CookieId) -> Result<(), Problem> {
    if matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE) {
        return Ok(());
    }
    if header(head, &SITE).is_none() && header(head, &ORIGIN).is_none() {
        return Err(refused(
            "With a cookie, the browser must say where the request comes from (`Origin`). Programs use access tokens.",
        ));
    }
    check_origin(app, head)?;
    let kind = header(head, &CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    if ["text/plain", "application/x-www-form-urlencoded"].iter().any(|form| kind.trim_start().starts_with(form)) {
        return Err(refused("With a cookie, bodies that a plain form can send are refused: send `application/json`."));
    }
    match header(head, &CSRF_TOKEN) {
        Some(given) if app.identity.cookies.is_csrf_token(id, given) => Ok(()),
        Some(_) => Err(refused("`X-CSRF-Token` is not the token of this session: ask `GET /auth/session` for it.")),
        None => Err(refused("`X-CSRF-Token` is missing: send the `csrf_token` of `GET /auth/session`.")),
    }
}

/// Refuses what the browser says to come from a page of somebody else. Also where a session begins: nobody is to be
/// signed in to another's account by a page that they visit.
///
/// # Errors
/// `csrf_failed`.
pub(crate) fn check_origin(app: &App, head: &RequestHead) -> Result<(), Problem> {
    let site = header(head, &SITE);
    if site == Some("cross-site") {
        return Err(refused("The request comes from a page of another site (`Sec-Fetch-Site`)."));
    }
    match header(head, &ORIGIN) {
        // The browser alone writes `Sec-Fetch-Site`, and knows its own origin better than we do behind proxies.
        _ if site == Some("same-origin") => Ok(()),
        Some(origin) if is_ours(app, head, origin) => Ok(()),
        Some(_) => Err(refused("The request comes from a page (`Origin`) that isn't among those that may call here.")),
        None if matches!(site, None | Some("none")) => Ok(()),
        None => Err(refused("The request doesn't say which page it comes from (`Origin`).")),
    }
}

fn is_ours(app: &App, head: &RequestHead, origin: &str) -> bool {
    let scheme = if is_https(head, &app.settings) { "https" } else { "http" };
    let own = header(head, &HOST).is_some_and(|host| origin.eq_ignore_ascii_case(&format!("{scheme}://{host}")));
    own || app.settings.cors_origins.iter().any(|listed| listed == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_plain_only_on_the_machine_of_a_developer() {
        for (peer, local) in [
            (Some("127.0.0.1"), true),
            (Some("127.8.9.10"), true),
            (Some("::1"), true),
            (Some("::ffff:127.0.0.1"), true),
            (Some("192.168.1.5"), false),
            (Some("10.0.0.1"), false),
            (Some("203.0.113.7"), false),
            (Some("::ffff:10.0.0.1"), false),
            (Some("fe80::1"), false),
            (Some("0.0.0.0"), false),
            (None, false),
        ] {
            let address = peer.map(|peer| peer.parse().unwrap());
            assert_eq!(may_be_plain(false, address, false), local, "{peer:?}");
            for (production, https) in [(true, false), (false, true), (true, true)] {
                assert!(!may_be_plain(production, address, https), "{peer:?} {production} {https}");
            }
        }
    }
}
