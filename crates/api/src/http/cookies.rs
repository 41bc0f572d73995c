//! Cookies: the session's, the one that marks a browser as a device that signed in before, and the one by which a browser
//! is recognised that signs in through a provider.
//!
//! `__Host-` has browsers insist on `Secure`, `Path=/` and no `Domain`, so that neither another host nor a plain
//! connection can set them. The plain names are for developers' own machines, where there is no TLS.

use std::net::IpAddr;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::RequestHead;
use actix_web::http::header::COOKIE;
use circadia_auth::devices::MARKER_TTL;
use circadia_auth::oauth::{Browser, FLOW_TTL, Secret};
use circadia_auth::sessions::{CookieId, SESSION_TTL};

use circadia_domain::sessions::Session;

use crate::http::client_address::is_https;
use crate::http::state::AppState;

/// A cookie's names: with TLS, and without.
struct Name {
    secure: &'static str,
    plain: &'static str,
}

const SESSION: Name = Name { secure: "__Host-circadia", plain: "circadia" };
const DEVICE: Name = Name { secure: "__Host-circadia_device", plain: "circadia_device" };
const OAUTH: Name = Name { secure: "__Host-circadia_prelogin", plain: "circadia_prelogin" };

/// The values of a cookie in a request, as they were sent.
fn values<'a>(state: &AppState, head: &'a RequestHead, name: &Name) -> Vec<&'a str> {
    let name = if is_plain(state, head) { name.plain } else { name.secure };
    let headers = head.headers().get_all(COOKIE).filter_map(|header| header.to_str().ok());
    let pairs = headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(own, _)| *own == name).map(|(_, value)| value).collect()
}

fn build(state: &AppState, head: &RequestHead, name: &Name, value: String, ttl_seconds: i64) -> Cookie<'static> {
    let plain = is_plain(state, head);
    Cookie::build(if plain { name.plain } else { name.secure }, value)
        .path("/")
        .max_age(Duration::seconds(ttl_seconds))
        .secure(!plain)
        .http_only(true)
        // `Lax`, for a browser comes back from a provider by a redirect from another site.
        .same_site(SameSite::Lax)
        .finish()
}

/// The session cookies of a request, each once. There are several if another path or an earlier installation left one.
#[derive(Debug)]
pub(crate) struct SessionCookies {
    /// Whether a cookie of that name was sent, of whatever value.
    pub sent: bool,
    /// Those that were issued here.
    pub issued: Vec<CookieId>,
}

/// The session's cookies.
pub(crate) fn sessions(state: &AppState, head: &RequestHead) -> SessionCookies {
    let values = values(state, head, &SESSION);
    let mut issued: Vec<CookieId> = Vec::new();
    for value in &values {
        if let Some(id) = state.app.sessions.cookies.read(value).filter(|id| !issued.contains(id)) {
            issued.push(id);
        }
    }
    SessionCookies { sent: !values.is_empty(), issued }
}

/// Sets the session's cookie.
pub(crate) fn set_session(state: &AppState, head: &RequestHead, id: &CookieId) -> Cookie<'static> {
    let text = state.app.sessions.cookies.text(id).to_string();
    build(state, head, &SESSION, text, SESSION_TTL)
}

/// Deletes the session's cookie.
pub(crate) fn clear_session(state: &AppState, head: &RequestHead) -> Cookie<'static> {
    build(state, head, &SESSION, String::new(), 0)
}

/// Users of one browser that are remembered.
const MAX_MARKERS: usize = 4;

/// The markers of the users who signed in with this browser before, unchecked.
pub(crate) fn device_markers<'a>(state: &AppState, head: &'a RequestHead) -> Vec<&'a str> {
    values(state, head, &DEVICE).into_iter().flat_map(|value| value.split('.')).take(MAX_MARKERS).collect()
}

/// Marks the browser as one where the user of a session signed in. Its other users stay remembered.
pub(crate) fn mark_device(state: &AppState, head: &RequestHead, session: &Session) -> Cookie<'static> {
    let sessions = &state.app.sessions;
    let of_others = |text: &&str| sessions.marked_user(text).is_some_and(|user| user != session.user);
    let others = device_markers(state, head).into_iter().filter(of_others).map(str::to_owned);
    let markers: Vec<String> =
        std::iter::once(sessions.device_marker(session)).chain(others).take(MAX_MARKERS).collect();
    build(state, head, &DEVICE, markers.join("."), MARKER_TTL)
}

/// The browser's id, if the request has one.
pub(crate) fn oauth_browser(state: &AppState, head: &RequestHead) -> Option<Browser> {
    Secret::parse(values(state, head, &OAUTH).first()?).map(Browser)
}

/// Sets the cookie that identifies a browser for the duration of a flow.
pub(crate) fn set_oauth_browser(state: &AppState, head: &RequestHead, browser: &Browser) -> Cookie<'static> {
    build(state, head, &OAUTH, browser.0.text(), FLOW_TTL)
}

/// Deletes the cookie that identifies a browser.
pub(crate) fn clear_oauth_browser(state: &AppState, head: &RequestHead) -> Cookie<'static> {
    build(state, head, &OAUTH, String::new(), 0)
}

/// Whether a request may use the plain names.
fn is_plain(state: &AppState, head: &RequestHead) -> bool {
    may_be_plain(state.settings.production, head.peer_addr.map(|peer| peer.ip()), is_https(head, &state.settings))
}

/// The plain names are for development, without TLS, from this machine itself.
fn may_be_plain(production: bool, peer: Option<IpAddr>, https: bool) -> bool {
    !production && !https && peer.is_some_and(|peer| peer.to_canonical().is_loopback())
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
