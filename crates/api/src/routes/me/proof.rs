//! Proving again who one is, before something that can't be taken back, or that a borrowed session must not do.

use actix_web::web::Data;
use circadia_auth::keys::Kid;
use circadia_auth::passwords::Password;
use circadia_auth::sessions;
use circadia_auth::tokens::{LEEWAY, TokenError};
use circadia_domain::Error;
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::sessions::{FirstFactor, Session};
use circadia_domain::unit_of_work::Store;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::app::App;
use crate::identity::Principal;
use crate::input::{Decode, Fields};
use crate::problem::Problem;
use crate::routes::auth::secret::{PASSWORD, SubmittedPassword, verify};
use crate::routes::auth::{Target, throttle, wrong_password};

/// Seconds for which having signed in is proof enough.
const FRESH: i64 = 5 * 60;

/// Proof of who one is.
#[derive(Debug, Default, ToSchema)]
pub(super) struct ProofBody {
    /// The password; this or `encrypted_password`, unless a sign-in of at most five minutes ago is proof enough.
    #[schema(value_type = Option<String>, format = Password, example = "correct horse battery")]
    password: Option<Zeroizing<String>>,
    /// The password, encrypted with the key of `GET /auth/public-key`.
    #[schema(value_type = Option<String>, max_length = 1024)]
    encrypted_password: Option<Vec<u8>>,
    /// The `kid` of that key.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-f]{16}$")]
    password_kid: Option<Kid>,
}

impl Decode for ProofBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let SubmittedPassword { plain, encrypted, kid } = proof(fields);
        Some(Self { password: plain, encrypted_password: encrypted, password_kid: kid })
    }
}

impl ProofBody {
    /// What was sent.
    pub(super) fn sent(self) -> SubmittedPassword {
        SubmittedPassword { plain: self.password, encrypted: self.encrypted_password, kid: self.password_kid }
    }
}

/// The fields of a proof, all of which may be missing.
pub(super) fn proof(fields: &mut Fields<'_>) -> SubmittedPassword {
    SubmittedPassword::optional(fields, PASSWORD, |given| Password::given(given).map(drop)).unwrap_or_default()
}

/// Refuses unless the password, sent in either way, is the account's.
///
/// # Errors
/// `wrong_password`; `rate_limited` if it is tried too often.
pub(super) async fn by_password(app: &Data<App>, principal: Principal, sent: SubmittedPassword) -> Result<(), Problem> {
    let user = principal.user;
    // Before anything is decrypted, as at the log-in.
    throttle(app, Target::Password(user)).await?;
    let password = sent.given(app).await?;
    let found = app.unit_of_work.read::<_, Error>(move |store| Ok(store.credentials_of(user)?)).await?;
    let hash = found.and_then(|credentials| credentials.password_hash);
    if verify(app, password.as_ref(), hash).await?.matches { Ok(()) } else { Err(wrong_password()) }
}

/// The same; without a password, this session must have been opened at most five minutes ago.
///
/// # Errors
/// Those of [`by_password`]; `reauthentication_required`.
pub(super) async fn by_password_or_fresh_sign_in(
    app: &Data<App>,
    principal: Principal,
    sent: SubmittedPassword,
) -> Result<(), Problem> {
    let way = "Send the password along, or sign in again and come back within five minutes.";
    by_password_or_session(app, principal, sent, |_| true, way).await
}

/// The same; without a password, this session must have been opened through Google at most five minutes ago.
///
/// # Errors
/// Those of [`by_password`]; `reauthentication_required`.
pub(super) async fn by_password_or_google(
    app: &Data<App>,
    principal: Principal,
    sent: SubmittedPassword,
) -> Result<(), Problem> {
    let through_google = |session: &Session| session.first_factor == FirstFactor::Google;
    let way = "Send the password along, or sign in with Google again and come back within five minutes.";
    by_password_or_session(app, principal, sent, through_google, way).await
}

async fn by_password_or_session(
    app: &Data<App>,
    principal: Principal,
    sent: SubmittedPassword,
    is_proof: impl Fn(&Session) -> bool,
    way: &'static str,
) -> Result<(), Problem> {
    if let Some(sent) = sent.into_option() {
        return by_password(app, principal, sent).await;
    }
    let state =
        app.unit_of_work.read::<_, Error>(move |store| Ok(store.find_session(principal.user, principal.session)?));
    let (session, now) = (state.await?.map(|state| state.session), app.now());
    let is_fresh = |session: &Session| {
        session.created_at <= now.plus_seconds(LEEWAY) && now < session.created_at.plus_seconds(FRESH)
    };
    if session.is_some_and(|session| is_fresh(&session) && is_proof(&session)) {
        Ok(())
    } else {
        Err(Problem::of("reauthentication_required", way))
    }
}

/// Refuses if the session has ended since the request came: what a session leads to that outlives it must not come
/// about beside a reset that ends them all. At the beginning of the unit of work that makes it.
///
/// # Errors
/// [`TokenError::Revoked`]; the store's.
pub(super) fn hold_session<E>(store: &mut dyn Store, principal: Principal, now: Instant) -> Result<(), E>
where
    E: From<StoreError> + From<TokenError>,
{
    let state = store.find_session(principal.user, principal.session)?;
    if state.is_some_and(|state| sessions::is_in_force(&state, now)) { Ok(()) } else { Err(TokenError::Revoked.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::testing::assert_documented;

    #[test]
    fn what_is_documented_is_what_is_read() {
        assert_documented::<ProofBody>();
    }
}
