//! Proving again who one is, before something that can't be taken back.

use actix_web::web::Data;
use circadia_auth::accounts::signed_in_lately;
use circadia_auth::passwords::Password;
use circadia_domain::Error;

use crate::app::App;
use crate::identity::Principal;
use crate::problem::Problem;
use crate::routes::auth::{invalid, throttle, wrong_password};

/// Refuses unless the password is the account's; without one, unless its user signed in through Google at most five
/// minutes ago.
pub(super) async fn prove(app: &Data<App>, principal: Principal, password: Option<&str>) -> Result<(), Problem> {
    let (user, now) = (principal.user, app.now());
    let Some(password) = password else {
        let lately = app.work.read::<_, Error>(move |store| Ok(signed_in_lately(store, user, now)?)).await?;
        let way = "Give the password, or sign in with Google again and come back within five minutes.";
        return if lately { Ok(()) } else { Err(Problem::of("reauthentication_required", way)) };
    };
    throttle(app, &format!("password {user}")).await?;
    let given = Password::given(password).map_err(|wrong| invalid("/password", wrong))?;
    let found = app.work.read::<_, Error>(move |store| Ok(store.credentials_of(user)?)).await?;
    let hash = found.and_then(|credentials| credentials.password_hash);
    if app.identity.hasher.verify(given, hash).await?.matches { Ok(()) } else { Err(wrong_password()) }
}
