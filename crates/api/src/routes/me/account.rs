//! `POST /me/delete`: deleting one's account.

use super::reauthentication::ReauthenticationBody;
use crate::http::answer::{IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::OptionalBody;
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, delete_me);
}

/// Delete my account
///
/// Immediate and irreversible: ends every session and removes all of the user's data. Needs the password, unless this
/// session was opened through a provider at most five minutes ago.
#[utoipa::path(
    post,
    path = "/me/delete",
    tag = "me",
    operation_id = "deleteMe",
    extensions(("x-rate-limit" = json!("auth"))),
    params(IfMatch),
    request_body = Option<ReauthenticationBody>,
    responses(
        (status = 204, description = "The account was deleted"),
        (status = 403, description = "`wrong_password` or `reauthentication_required`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`last_superuser`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn delete_me(
    caller: Caller,
    if_match: IfMatch,
    body: OptionalBody<ReauthenticationBody>,
) -> Result<NoContent, Problem> {
    let submitted = body.0.unwrap_or_default().submitted();
    caller.accounts.delete(caller.principal, if_match.0, submitted).await?;
    Ok(NoContent)
}
