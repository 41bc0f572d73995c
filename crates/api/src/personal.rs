//! Who sends a request with a personal access token.

use circadia_auth::personal::{KnownToken, PersonalSecret};
use circadia_auth::sessions::Standing;
use circadia_domain::ids::SessionId;
use circadia_domain::personal_tokens::USE_NOTED_EVERY;
use circadia_domain::users::Role;

use crate::app::App;
use crate::problem::Problem;

/// Says what is true of a token. Asks the store only if it wasn't seen lately, or something of its user's was revoked
/// since.
pub(crate) async fn known(app: &App, text: &str) -> Result<(KnownToken, Role), Problem> {
    let (identity, now) = (&app.identity, app.now());
    let presented = identity.personal.read(text)?;
    let recalled = identity.personal.recall(text, now).and_then(|known| {
        let session = SessionId::from_uuid(known.id.as_uuid());
        let live = identity.revocations.judge(known.user, session, known.verified_at, now) == Standing::Live;
        let role = if live { identity.roles.recall(known.user, &identity.revocations, now) } else { None };
        role.map(|role| (known, role))
    });
    let (known, role) = match recalled {
        Some(recalled) => recalled,
        None => ask_store(app, presented).await?,
    };
    if known.expires_at <= now {
        return Err(Problem::of("token_expired", "The personal access token has expired: make another."));
    }
    let noted = note_use(app, known).await;
    if recalled != Some((noted, role)) {
        identity.personal.remember(text, noted);
    }
    Ok((noted, role))
}

async fn ask_store(app: &App, presented: PersonalSecret) -> Result<(KnownToken, Role), Problem> {
    let verified_at = app.now();
    let (user, id) = (presented.user, presented.id);
    let found = app.unit_of_work.read::<_, Problem>(move |store| Ok(store.find_personal_token(user, id)?)).await?;
    let state = found.filter(|state| state.active && presented.is(&state.token)).ok_or_else(|| {
        Problem::of("token_revoked", "The personal access token was revoked, or never issued: make another.")
    })?;
    app.identity.roles.remember(user, state.role, verified_at);
    let token = state.token;
    let known = KnownToken {
        user,
        id,
        scopes: token.scopes,
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
        verified_at,
    };
    Ok((known, state.role))
}

/// Notes that it was used, once in a while. What can't be noted isn't worth a refusal.
async fn note_use(app: &App, known: KnownToken) -> KnownToken {
    let now = app.now();
    let unless_since = now.plus_seconds(-USE_NOTED_EVERY);
    if known.last_used_at.is_some_and(|at| unless_since < at) {
        return known;
    }
    let (user, id) = (known.user, known.id);
    let noted = app
        .unit_of_work
        .write_unowned::<_, Problem>(move |store| Ok(store.note_personal_token_use(user, id, now, unless_since)?));
    match noted.await {
        Ok(()) => KnownToken { last_used_at: Some(now), ..known },
        Err(problem) => {
            tracing::warn!(%problem, "the use of a personal access token can't be noted");
            known
        }
    }
}
