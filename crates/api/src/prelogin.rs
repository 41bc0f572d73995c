//! The pre-login session: a cookie that tells a browser apart before anybody has signed in with it, so that a sign-in
//! through somebody else ends in the browser in which it began.

use actix_web::http::header::{COOKIE, HeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};
use circadia_auth::oauth::{Browser, FLOW_TTL, Secret};

use crate::app::App;
use crate::cookies::is_plain;
use crate::problem::Problem;

/// Its name where HTTPS is spoken: a cookie that nobody else can set, other hosts of the same domain included.
const NAME: &str = "__Host-circadia_prelogin";
/// Its name on loopback in development, where there is no HTTPS that the prefix would insist on.
const PLAIN_NAME: &str = "circadia_prelogin";

fn name(request: &HttpRequest, app: &App) -> &'static str {
    if is_plain(app, request.head()) { PLAIN_NAME } else { NAME }
}

/// The browser that a request comes from, if it was seen before.
pub(crate) fn browser(request: &HttpRequest, app: &App) -> Option<Browser> {
    let name = name(request, app);
    let cookies = request.headers().get_all(COOKIE).filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(given, _)| *given == name)?;
    Secret::parse(value).map(Browser)
}

/// Tells a browser who it is, for as long as a flow may take.
pub(crate) fn remember(
    response: &mut HttpResponse,
    request: &HttpRequest,
    app: &App,
    browser: &Browser,
) -> Result<(), Problem> {
    set(response, request, app, &browser.0.text(), FLOW_TTL)
}

/// Lets a browser forget.
pub(crate) fn forget(response: &mut HttpResponse, request: &HttpRequest, app: &App) -> Result<(), Problem> {
    set(response, request, app, "", 0)
}

fn set(response: &mut HttpResponse, request: &HttpRequest, app: &App, value: &str, age: i64) -> Result<(), Problem> {
    let secure = if is_plain(app, request.head()) { "" } else { "; Secure" };
    let name = name(request, app);
    // `Lax`, for the browser comes back from another site.
    let cookie = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
    let cookie = HeaderValue::from_str(&cookie).map_err(|error| Problem::internal(&error))?;
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(())
}
