//! Proving again who one is, before something that can't be taken back, or that a borrowed session must not do.

use actix_web::web::Data;
use circadia_auth::accounts::signed_in_lately;
use circadia_auth::passwords::Password;
use circadia_domain::Error;

use crate::app::App;
use crate::identity::Principal;
use crate::problem::Problem;
use crate::routes::auth::secret::{Sent, hold_against};
use crate::routes::auth::{invalid, throttle, wrong_password};

/// Seconds for which having signed in is proof enough.
const FRESH: i64 = 5 * 60;

/// Refuses unless the password is the account's; without one, unless its user signed in through Google at most five
/// minutes ago.
pub(super) async fn prove(app: &Data<App>, principal: Principal, password: Option<&str>) -> Result<(), Problem> {
    let (user, now) = (principal.user, app.now());
    let Some(password) = password else {
        let lately = app.work.read::<_, Error>(move |store| Ok(signed_in_lately(store, user, now)?)).await?;
        let way = "Give the password, or sign in with Google again and come back within five minutes.";
        return if lately { Ok(()) } else { Err(Problem::of("reauthentication_required", way)) };
    };
    let given = Password::given(password).map_err(|wrong| invalid("/password", wrong))?;
    hold(app, principal, Some(&given)).await
}

async fn hold(app: &Data<App>, principal: Principal, password: Option<&Password>) -> Result<(), Problem> {
    let user = principal.user;
    throttle(app, &format!("password {user}")).await?;
    let found = app.work.read::<_, Error>(move |store| Ok(store.credentials_of(user)?)).await?;
    let hash = found.and_then(|credentials| credentials.password_hash);
    if hold_against(app, password, hash).await?.matches { Ok(()) } else { Err(wrong_password()) }
}

/// Refuses unless the password, sent in either way, is the account's.
///
/// # Errors
/// `wrong_password`; `rate_limited` if it is tried too often.
pub(super) async fn by_password(app: &Data<App>, principal: Principal, sent: Sent) -> Result<(), Problem> {
    let password = sent.given(app).await?;
    hold(app, principal, password.as_ref()).await
}

/// The same; without a password, the session must have been opened at most five minutes ago.
///
/// # Errors
/// Those of [`by_password`]; `reauthentication_required`.
pub(super) async fn by_password_or_fresh_sign_in(
    app: &Data<App>,
    principal: Principal,
    sent: Option<Sent>,
) -> Result<(), Problem> {
    if let Some(sent) = sent {
        return by_password(app, principal, sent).await;
    }
    let state = app.work.read::<_, Error>(move |store| Ok(store.find_session(principal.user, principal.session)?));
    let opened_at = state.await?.map(|state| state.session.created_at);
    if opened_at.is_some_and(|opened_at| app.now() < opened_at.plus_seconds(FRESH)) {
        return Ok(());
    }
    let detail = "Send the password along, or sign in again: this was done more than five minutes ago.";
    Err(Problem::of("reauthentication_required", detail))
}
