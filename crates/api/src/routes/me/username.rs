//! `POST /me/username`: changing the user name.

use circadia_domain::users::Username;
use utoipa::ToSchema;

use super::profile::{UserBody, answer};
use crate::http::answer::{Answer, IfMatch};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, change_username);
}

/// A change of the user name.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"username": "ada.lovelace"}))]
pub struct ChangeUsernameBody {
    /// 3–32 letters, digits, `.`, `_` or `-` of ASCII; unique regardless of case.
    username: Username,
}

impl Decode for ChangeUsernameBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let username = fields.required("username");
        Some(Self { username: username? })
    }
}

/// Change my user name
///
/// From then on, the new name signs in, and the old one is free for others. Sessions go on.
#[utoipa::path(
    post,
    path = "/me/username",
    tag = "me",
    operation_id = "changeUsername",
    params(IfMatch),
    request_body = ChangeUsernameBody,
    responses(
        (status = 200, description = "The user with the new name", body = UserBody),
        (status = 409, description = "`username_taken`", body = crate::http::problem::ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn change_username(caller: Caller, if_match: IfMatch, body: Body<ChangeUsernameBody>) -> Result<Answer, Problem> {
    answer(caller.accounts.change_username(caller.principal, if_match.0, body.0.username).await?)
}
