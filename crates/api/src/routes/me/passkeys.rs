//! `/me/passkeys`: the passkeys of the account.
use circadia_app::passkeys::remove;
use circadia_auth::passkeys::CEREMONY_TTL;
use circadia_domain::civil::Instant;
use circadia_domain::passkeys::{self, Passkey, PasskeyId, PasskeyName, PasskeyPatch, Transport};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::reauthentication::ReauthenticationBody;
use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, PathParam, Query, text};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};
use crate::routes::auth::passkeys::passkeys as configured;
use crate::routes::auth::webauthn::{self, CreationOptions, RegistrationAnswer};

pub(super) fn routes(routes: &mut Routes) {
    operations!(
        routes,
        list_passkeys,
        start_passkey_registration,
        finish_passkey_registration,
        get_passkey,
        update_passkey,
        delete_passkey
    );
}

/// A passkey.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Passkey)]
pub struct PasskeyBody {
    /// Its id.
    id: PasskeyId,
    /// What its owner calls it. Example: `Ada's phone`
    name: PasskeyName,
    /// Whether the device may copy it to others of its owner.
    backup_eligible: bool,
    /// Whether it was copied, as of its latest use.
    backed_up: bool,
    /// How browsers reach the device.
    transports: Vec<Transport>,
    /// When it was added.
    created_at: Instant,
    /// When it signed in last.
    last_used_at: Option<Instant>,
}

impl From<Passkey> for PasskeyBody {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id,
            name: passkey.name,
            backup_eligible: passkey.backup_eligible,
            backed_up: passkey.backed_up,
            transports: passkey.transports.iter().collect(),
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        }
    }
}

/// A registration that has begun.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasskeyRegistration)]
struct StartedBody {
    /// To be sent back with the device's answer, in the same session. It is good once.
    #[schema(min_length = 43, max_length = 43, example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")]
    ceremony: String,
    /// Seconds until it expires.
    #[schema(example = 300)]
    expires_in: i64,
    /// What the browser needs.
    options: CreationOptions,
}

/// What the device answered.
#[derive(Debug, ToSchema)]
pub struct FinishPasskeyRegistrationBody {
    /// The `ceremony` that it answers.
    #[schema(
        min_length = 43,
        max_length = 43,
        pattern = "^[A-Za-z0-9_-]{43}$",
        example = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )]
    ceremony: String,
    /// What `navigator.credentials.create` gave.
    #[schema(value_type = RegistrationAnswer)]
    credential: Value,
    /// What to call it: `Passkey`, or `Passkey 2` and so on, if absent. Example: `Ada's phone`
    name: Option<PasskeyName>,
}

impl Decode for FinishPasskeyRegistrationBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let ceremony = fields.required_with("ceremony", text(webauthn::ceremony));
        let credential = fields.required_with("credential", webauthn::registration);
        let name = fields.optional("name");
        Some(Self { ceremony: ceremony?, credential: credential?, name })
    }
}

impl Decode for PasskeyPatch {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { name: fields.change("name") })
    }
}

/// List my passkeys
///
/// Oldest first; at most 20.
#[utoipa::path(
    get,
    path = "/me/passkeys",
    tag = "me",
    operation_id = "listPasskeys",
    params(PageRequest),
    responses((status = 200, description = "The passkeys", body = Page<PasskeyBody>))
)]
async fn list_passkeys(caller: Caller, query: Query<PageRequest>) -> Result<Page<PasskeyBody>, Problem> {
    let user = caller.user;
    let found = caller.query(move |store| passkeys::list(store, user)).await?;
    let mut found: Vec<PasskeyBody> = found.into_iter().map(PasskeyBody::from).collect();
    let key = |passkey: &PasskeyBody| (passkey.created_at.micros(), passkey.id);
    found.sort_by_key(key);
    Page::of_sorted(found, key, "created_at", &query.0, |a, b| a < b)
}

/// Start adding a passkey
///
/// Give `options` to `PublicKeyCredential.parseCreationOptionsFromJSON` and the result to `navigator.credentials.create`
/// as `publicKey`, and send what `toJSON()` makes of its answer to `POST /me/passkeys/finish`. Needs the password,
/// unless this session was opened at most five minutes ago.
#[utoipa::path(
    post,
    path = "/me/passkeys/start",
    tag = "me",
    operation_id = "startPasskeyRegistration",
    extensions(("x-rate-limit" = json!("auth"))),
    request_body = ReauthenticationBody,
    responses(
        (status = 200, description = "What the browser needs", body = StartedBody),
        (status = 403, description = "`wrong_password` or `reauthentication_required`", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 404, description = "`passkeys_disabled`", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`limit_reached`: an account has at most 20", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn start_passkey_registration(caller: Caller, body: Body<ReauthenticationBody>) -> Result<Answer, Problem> {
    let begun = configured(&caller)?.begin_registration(caller.principal, body.0.submitted()).await?;
    let options = CreationOptions::from(&begun);
    Answer::computed(&StartedBody { ceremony: begun.ceremony, expires_in: CEREMONY_TTL, options })
}

/// Add a passkey
///
/// From now on it signs in by itself: its device verifies its user, so it counts as both factors. It doesn't make a
/// sign-in by password ask for a second factor; where one is asked for, it may be given instead of a code. The account's
/// owner is notified by mail.
#[utoipa::path(
    post,
    path = "/me/passkeys/finish",
    tag = "me",
    operation_id = "finishPasskeyRegistration",
    request_body = FinishPasskeyRegistrationBody,
    responses(
        (status = 201, description = "The passkey", body = PasskeyBody),
        (status = 404, description = "`passkeys_disabled`", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`limit_reached`, or `passkey_taken`: it was added before", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn finish_passkey_registration(
    caller: Caller,
    body: Body<FinishPasskeyRegistrationBody>,
) -> Result<Answer, Problem> {
    let FinishPasskeyRegistrationBody { ceremony, credential, name } = body.0;
    let added = configured(&caller)?.finish_registration(caller.principal, &ceremony, &credential, name).await?;
    let (rev, location) = (added.rev, format!("/api/v1/me/passkeys/{}", added.id));
    Ok(Answer::stored(&PasskeyBody::from(added), rev)?.created(location))
}

/// Get one of my passkeys
///
/// Its name, when it was added, and when it was last used.
#[utoipa::path(
    get,
    path = "/me/passkeys/{passkey_id}",
    tag = "me",
    operation_id = "getPasskey",
    params(("passkey_id" = Uuid, Path, description = "The passkey's id")),
    responses((status = 200, description = "The passkey", body = PasskeyBody))
)]
async fn get_passkey(caller: Caller, id: PathParam<PasskeyId>) -> Result<Answer, Problem> {
    let user = caller.user;
    let passkey = caller.query(move |store| passkeys::find(store, user, id.0)).await?;
    let rev = passkey.rev;
    Answer::stored(&PasskeyBody::from(passkey), rev)
}

/// Rename one of my passkeys
///
/// The name is for the list of passkeys; authenticators don't learn of it.
#[utoipa::path(
    patch,
    path = "/me/passkeys/{passkey_id}",
    tag = "me",
    operation_id = "updatePasskey",
    params(("passkey_id" = Uuid, Path, description = "The passkey's id"), IfMatch),
    request_body = PasskeyPatch,
    responses((status = 200, description = "The passkey", body = PasskeyBody))
)]
async fn update_passkey(
    caller: Caller,
    id: PathParam<PasskeyId>,
    if_match: IfMatch,
    body: Body<PasskeyPatch>,
) -> Result<Answer, Problem> {
    let changed = caller.write(move |tx| passkeys::rename(tx, id.0, &if_match.0, body.0.clone())).await?;
    let rev = changed.rev;
    Answer::stored(&PasskeyBody::from(changed), rev)
}

/// Remove one of my passkeys
///
/// It doesn't sign in any more; sessions that it opened go on. Needs the password, unless this session was opened at most
/// five minutes ago.
#[utoipa::path(
    post,
    path = "/me/passkeys/{passkey_id}/remove",
    tag = "me",
    operation_id = "deletePasskey",
    extensions(("x-rate-limit" = json!("auth"))),
    params(("passkey_id" = Uuid, Path, description = "The passkey's id"), IfMatch),
    request_body = ReauthenticationBody,
    responses(
        (status = 204, description = "The passkey was removed"),
        (status = 403, description = "`wrong_password` or `reauthentication_required`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn delete_passkey(
    caller: Caller,
    id: PathParam<PasskeyId>,
    if_match: IfMatch,
    body: Body<ReauthenticationBody>,
) -> Result<NoContent, Problem> {
    remove(&caller.reauthentication, caller.principal, id.0, if_match.0, body.0.submitted()).await?;
    Ok(NoContent)
}
