//! `GET` and `PATCH /me`: the signed-in user's profile and settings.

use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::users::{AvatarSize, Email, Role, Settings, SettingsPatch, UserProfile, Username};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::{Answer, IfMatch};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_me, patch_me);
}

/// The signed-in user.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserBody {
    /// The user's id.
    pub id: UserId,
    /// The user name.
    pub username: Username,
    /// The e-mail address.
    pub email: Email,
    /// Whether the address is verified.
    pub email_verified: bool,
    /// The role.
    pub role: Role,
    #[serde(flatten)]
    pub settings: Settings,
    /// Where the profile image is, relative to the server's root: a square of at most 512 pixels a side. The same with
    /// `-128` instead of `-512` is one of at most 128. Null without an image. Another image has another address.
    #[schema(example = "/media/avatars/7d0f3c1a-5b8e-4f6a-9c2d-1e3f5a7b9d0c-512.jpg")]
    pub avatar_url: Option<String>,
    /// The number of sign-ins.
    pub login_count: i64,
    /// The number of sign-ins in the current week.
    pub logins_this_week: i64,
    /// The number of sign-ins in the current month.
    pub logins_this_month: i64,
    /// When the account was created.
    pub created_at: Instant,
    /// When the settings, or the image, last changed.
    pub updated_at: Instant,
}

impl From<UserProfile> for UserBody {
    fn from(UserProfile { user, logins }: UserProfile) -> Self {
        Self {
            id: user.id,
            username: user.username,
            email: user.email,
            email_verified: user.email_verified_at.is_some(),
            role: user.role,
            settings: user.settings,
            avatar_url: user.avatar.map(|avatar| avatar.file(AvatarSize::Large).url()),
            login_count: logins.total,
            logins_this_week: logins.this_week,
            logins_this_month: logins.this_month,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

pub(super) fn answer(profile: UserProfile) -> Result<Answer, Problem> {
    let rev = profile.user.rev;
    Answer::stored(&UserBody::from(profile), rev)
}

impl Decode for SettingsPatch {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            timezone: fields.change("timezone"),
            day_start: fields.change("day_start"),
            week_start: fields.change("week_start"),
            locale: fields.change("locale"),
            color_scheme: fields.change("color_scheme"),
            sleep_goal: fields.change("sleep_goal_minutes"),
            free_days: fields.change("free_days"),
            allow_overlapping_time: fields.change("allow_overlapping_time"),
        })
    }
}

/// Get my profile
///
/// The signed-in user with their settings.
#[utoipa::path(
    get,
    path = "/me",
    tag = "me",
    operation_id = "getMe",
    extensions(("x-scope" = json!("profile:read"))),
    responses((status = 200, description = "The signed-in user", body = UserBody))
)]
async fn get_me(caller: Caller) -> Result<Answer, Problem> {
    answer(caller.accounts.profile(caller.principal).await?)
}

/// Change my settings
///
/// Changing the time zone or the start of the day doesn't affect past dates and streaks. A day that is lost at the date
/// line is paused: see `GET /me/pauses`.
#[utoipa::path(
    patch,
    path = "/me",
    tag = "me",
    operation_id = "updateMe",
    params(IfMatch),
    request_body = SettingsPatch,
    responses((status = 200, description = "The user with the new settings", body = UserBody))
)]
async fn patch_me(caller: Caller, if_match: IfMatch, body: Body<SettingsPatch>) -> Result<Answer, Problem> {
    answer(caller.accounts.update_settings(caller.principal, if_match.0, body.0).await?)
}
